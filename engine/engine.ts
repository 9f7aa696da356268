/**
 * The engine port: everything that the control plane, the APIs and the pipelines know of the data plane.
 *
 * Two implementations, one contract suite (`test/conformance/engine-contract.ts`): memory, the model, and disk.
 */
import type { Log } from './log/log.ts'
import type { EngineMeasures } from './measures.ts'
import type { GroupObserver, Groups } from './streams/groups.ts'
import type { Streams } from './streams/streams.ts'

export interface Engine extends AsyncDisposable {
  readonly log: Log
  readonly streams: Streams
  readonly groups: Groups & GroupObserver
  readonly capabilities: Capabilities
  /** Why the engine does not take writes now, or undefined when it does. */
  condition(): string | undefined
  /** Undefined where there is nothing to measure: in memory. */
  measures(): EngineMeasures | undefined
}

/** What a driver can do; what needs more is refused when it is validated, with the reason. */
export interface Capabilities {
  /** Several appends and offsets in one write are one atom. */
  readonly atomicWrite: boolean
  readonly contiguousSequences: boolean
  readonly expectNext: boolean
  readonly idempotencyKey: boolean
  readonly durable: boolean
}
