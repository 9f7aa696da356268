/**
 * Keeps a part of the journal for what makes room again: while checkpoints find none on the disk, appends end at the
 * half of the journal, and offsets, trims and deletes go on into the rest.
 */
import { diskFull } from './disk-full.ts'
import type { AppendPart, WriteGate } from './write-gate.ts'

/** Of the journal, for appends. */
export const APPEND_SHARE_WHILE_FULL = 0.5

export interface JournalLoad {
  /** Why the last checkpoint found no room; undefined when it did. */
  readonly full: unknown
  readonly usedBytes: number
  readonly capacityBytes: number
}

export class JournalGate implements WriteGate {
  /** Undefined until there is a journal. */
  journal: () => JournalLoad | undefined = () => undefined

  admit(parts: readonly AppendPart[]): void {
    if (parts.length > 0) this.admitStream()
  }

  admitStream(): void {
    const load = this.journal()
    if (load?.full === undefined) return
    if (load.usedBytes > load.capacityBytes * APPEND_SHARE_WHILE_FULL) throw diskFull(load.full)
  }

  released(): void {}
  removed(): void {}
  load(): void {}
}
