/** The names of journal files: a slot each, whatever it holds at the moment. */
import { join } from 'node:path'

export function journalPath(directory: string, slot: number): string {
  return join(directory, `${String(slot).padStart(4, '0')}.journal`)
}

/** The slots among the names in a directory, in order. */
export function journalSlots(names: readonly string[]): readonly number[] {
  return names
    .map((name) => /^(\d{4})\.journal$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((left, right) => left - right)
}

/** The lowest one that no file has. */
export function absentSlot(slots: readonly number[]): number {
  let slot = 0
  while (slots.includes(slot)) slot++
  return slot
}
