/** How much is put through: `--quick` only shows that all works. */

export interface PipelinesLength {
  readonly rounds: number
  readonly generated: number
  readonly lines: number
  readonly requests: number
  readonly streamed: number
  readonly pipelines: number
}

export function pipelinesLength(quick: boolean): PipelinesLength {
  return quick
    ? {
        rounds: 1,
        generated: 100_000,
        lines: 20_000,
        requests: 3_000,
        streamed: 20_000,
        pipelines: 100,
      }
    : {
        rounds: 5,
        generated: 2_000_000,
        lines: 400_000,
        requests: 60_000,
        streamed: 500_000,
        pipelines: 1_000,
      }
}

export const SIZES: readonly {
  readonly name: string
  readonly bytes: number
  readonly items: number
}[] = [
  { name: '200 B', bytes: 200, items: 0 },
  { name: '1 KiB', bytes: 1_024, items: 4 },
]
