/** Tells what came out of a component by what went in: by origin, and by place where everything kept its own. */
import type { Batch, Message } from './message.ts'

const NONE: readonly number[] = []

/**
 * For each message that came out, in order, the places of those before that it may have been made of: one, several where
 * they share an origin, none where it is made of what nobody knows.
 */
export function parentsOf(before: Batch, after: readonly Batch[]): readonly (readonly number[])[] {
  const out = after.length === 1 ? (after[0] ?? []) : after.flat()
  const keptPlaces =
    out.length === before.length && out.every(({ origin }, at) => origin === before[at]?.origin)
  if (keptPlaces) return out.map((_, at) => [at])
  const places = new Map<Message, number[]>()
  for (const [at, { origin }] of before.entries()) {
    const known = places.get(origin)
    if (known === undefined) places.set(origin, [at])
    else known.push(at)
  }
  return out.map(({ origin }) => places.get(origin) ?? NONE)
}
