/**
 * What a pipeline and its workers say to each other.
 *
 * A worker is given its chain when it starts, and answers `ready`, or `unfit` with why it could not build it. Then each
 * `Asked` is answered in the order in which they came, one at a time. Meanwhile it writes into shared words how far it
 * is, for whoever asks what it died of.
 */
import type { Resources } from '../component-config.ts'
import type { WireLines } from './kept-lines.ts'
import type { WireMeasures } from './recorded-metrics.ts'
import type { WireAnswer, WireBatches } from './wire-batch.ts'

export const NOT_STARTED = -1

/** The `workerData` of a worker: everything that its chain is made of. Environment variables are filled in. */
export interface ChainSource {
  readonly processors: readonly unknown[]
  readonly resources: Resources
  readonly strict: boolean
  readonly namespace: string
  readonly name: string
  readonly group: string
  readonly endpointPrefix: string
  readonly directory: string
  /** The variables that its mappings ask for by name; it sees no others. */
  readonly env: ReadonlyMap<string, string>
  /** One 32-bit word: the place of the step that runs, or ran last; NOT_STARTED before the chain is built. */
  readonly progress: SharedArrayBuffer
}

export type Asked = WireBatches

export type Told =
  | { readonly kind: 'ready'; readonly measures: WireMeasures }
  | { readonly kind: 'unfit'; readonly reason: string }
  | {
      readonly kind: 'answer'
      readonly answer: WireAnswer
      readonly measures: WireMeasures
      readonly lines: WireLines
    }
  /** It could not carry the batches out, and lives on. */
  | { readonly kind: 'failed'; readonly reason: string }
