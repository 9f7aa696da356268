/**
 * Whether more may be written now, for reasons that lie outside of the log's own rules: a quota, the space that is
 * left. Only what makes data grow is asked about; reads, offsets, trims and deletes never are.
 *
 * Sizes are told by incarnation, so that a stream that is deleted and made again under its name is counted anew.
 * Everything is called in the order of judgement or of the view, on one thread, and returns at once.
 */

export interface WriteGate {
  /**
   * Called once a write set, as the last judgement: throws, and has counted nothing, or has counted all of it. Parts
   * are as they will be stored, each with its header.
   */
  admit(parts: readonly AppendPart[]): void
  /** Throws when no stream may be made, or get more shards, now. */
  admitStream(): void
  /** Retention or a trim dropped that many of the stream's bytes. */
  released(incarnation: number, bytes: number): void
  /** The stream is deleted, with all that was counted for it. */
  removed(incarnation: number): void
  /** Counts from now on what is there, as after recovery and after a commit that found no room. */
  load(streams: Iterable<StoredStream>): void
}

/** An append, or one shard's part of it. */
export interface AppendPart {
  readonly stream: string
  readonly incarnation: number
  readonly batch: Uint8Array
}

/** What a StreamDescription tells. */
export interface StoredStream {
  readonly name: string
  readonly incarnation: number
  readonly bytes: number
}

/** Asks one after the other. Only the last one may count: a refusal takes nothing back. */
export function combineGates(gates: readonly WriteGate[]): WriteGate {
  return {
    admit(parts) {
      for (const gate of gates) gate.admit(parts)
    },
    admitStream() {
      for (const gate of gates) gate.admitStream()
    },
    released(incarnation, bytes) {
      for (const gate of gates) gate.released(incarnation, bytes)
    },
    removed(incarnation) {
      for (const gate of gates) gate.removed(incarnation)
    },
    load(streams) {
      const all = [...streams]
      for (const gate of gates) gate.load(all)
    },
  }
}
