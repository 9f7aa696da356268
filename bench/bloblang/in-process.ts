/** Mappings within this process, by turns with the same work by hand, on the way that a pipeline's message takes. */
import { compileMapping } from '../../engine/bloblang/bloblang.ts'
import { FIXED_ENVIRONMENT } from '../../engine/bloblang/evaluate-for-test.ts'
import type { Mapping } from '../../engine/bloblang/mapping.ts'
import { Message } from '../../engine/pipelines/message.ts'
import { judged, type Row } from '../engine/row.ts'
import { median } from '../figures.ts'
import { type BenchCase, benchCases } from './cases.ts'
import { type BenchDocument, benchDocuments } from './documents.ts'

export interface BenchRounds {
  readonly rounds: number
  readonly roundMs: number
}

const MOST = 1.5
const MOST_SMALL = 2
const MOST_EXACT = 4

export function benchInProcess(length: BenchRounds, wanted: readonly string[]): readonly Row[] {
  const documents = benchDocuments()
  const pairs = documents.flatMap((document) =>
    benchCases(document.items).map((one) => ({ document, one })),
  )
  return pairs
    .filter(({ document, one }) =>
      wanted.every((word) => `${one.name}, ${document.name}`.includes(word)),
    )
    .map(({ document, one }) => measure(one, document, length))
}

function measure(one: BenchCase, document: BenchDocument, { rounds, roundMs }: BenchRounds): Row {
  const mapping = compiled(one.mapping)
  const own = (): Uint8Array => {
    // A message gives its bytes away, and never lends the same ones twice.
    const message = Message.fromBytes(document.bytes)
    return message.withResult(mapping.map([message], 0))?.content() ?? document.bytes
  }
  const byHand = (): Uint8Array => one.byHand(document.bytes)
  warm(own)
  warm(byHand)
  const ownNs: number[] = []
  const handNs: number[] = []
  const ratios: number[] = []
  for (let count = 0; count < rounds; count++) {
    const hand = nsPerRun(byHand, roundMs)
    const ours = nsPerRun(own, roundMs)
    handNs.push(hand)
    ownNs.push(ours)
    ratios.push(ours / hand)
  }
  const most = one.most ?? (document.isExact ? MOST_EXACT : document.isSmall ? MOST_SMALL : MOST)
  return judged(
    {
      what: `${one.name}, ${document.name}`,
      figure: `${(median(ownNs) / 1_000).toFixed(2)} µs`,
      beside: `${(median(handNs) / 1_000).toFixed(2)} µs by hand`,
    },
    median(ratios),
    { most },
  )
}

function compiled(text: string): Mapping {
  const result = compileMapping(text, FIXED_ENVIRONMENT)
  if (result.ok) return result.value
  throw new Error(result.problems.map(({ message }) => message).join('\n'))
}

const WARM_MS = 150

function warm(run: () => unknown): void {
  const until = performance.now() + WARM_MS
  while (performance.now() < until) for (let count = 0; count < 100; count++) run()
}

/** Keeps what is computed from being optimised away. */
let sink: unknown

/** CPU time of this thread, so that whatever else runs on the machine counts as little as it can. */
function nsPerRun(run: () => unknown, ms: number): number {
  const started = process.threadCpuUsage()
  const until = performance.now() + ms
  let runs = 0
  while (performance.now() < until) {
    for (let count = 0; count < 50; count++) sink = run()
    runs += 50
  }
  const { user, system } = process.threadCpuUsage(started)
  if (sink === undefined) throw new Error('expected a payload, got nothing')
  return ((user + system) * 1_000) / runs
}
