/** How long a run is: `HEADGATE_BENCH_SECONDS` is the length of one round, `--quick` a run that only shows that all works. */

export interface BenchLength {
  readonly roundMs: number
  readonly rounds: number
  readonly sustainedMs: number
  /** What is written to be read again. */
  readonly dataBytes: number
  readonly idleMs: number
  /** Within a fresh engine's first checkpoint, so that a quiet round has none beside it. */
  readonly quietBytes: number
}

const MIB = 1024 * 1024

export function benchLength(quick: boolean): BenchLength {
  if (quick) {
    return {
      roundMs: 300,
      rounds: 2,
      sustainedMs: 3_000,
      dataBytes: 64 * MIB,
      idleMs: 2_000,
      quietBytes: 8 * MIB,
    }
  }
  const seconds = Number(process.env['HEADGATE_BENCH_SECONDS'] ?? 2)
  if (!(seconds > 0)) {
    throw new Error(`expected HEADGATE_BENCH_SECONDS above zero, got ${seconds}`)
  }
  return {
    roundMs: seconds * 1_000,
    rounds: 5,
    sustainedMs: seconds * 30_000,
    dataBytes: 512 * MIB,
    idleMs: 10_000,
    quietBytes: 32 * MIB,
  }
}
