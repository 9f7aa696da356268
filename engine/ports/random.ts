/** Chance as a port: the simulator hands in a seeded one, and a failing run can be replayed. */
export interface Random {
  /** In [0, 1). */
  next(): number
  bytes(count: number): Uint8Array
  /** A version 4 UUID. */
  uuid(): string
}
