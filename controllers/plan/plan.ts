/**
 * The difference between what is declared and what is, as data. `plan()` is pure; the same function serves the loop,
 * `headgate plan`, dry runs and the console, so the plan shown is the plan applied.
 */
import type { Identity } from '../../crds/resource.ts'
import type { RecordAmount } from '../../engine/streams/position-move.ts'
import type { Place } from '../sets/problem.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Reason } from '../status/reasons.ts'

export type Verb =
  | 'create'
  | 'update'
  | 'replace'
  | 'delete'
  | 'retain'
  | 'readopt'
  | 'adopt'
  | 'transfer'
  | 'release'
  | 'keep'
  | 'blocked'

export type Risk = 'safe' | 'disruptive' | 'data-loss'

export interface Plan {
  readonly source: string
  /** Of the set that it converges to. */
  readonly setDigest: string
  /** Of everything that it would do: what `plan -o json` calls `digest`. */
  readonly digest: string
  /** Source name and destructive actions (verb, identity, uid) only; undefined when nothing is destructive. */
  readonly destructiveDigest: string | undefined
  /** In an order that may be carried out; kept resources are not listed. */
  readonly actions: readonly Action[]
  /** How many resources are as they should be. */
  readonly kept: number
}

export interface Action {
  readonly verb: Verb
  readonly identity: Identity
  /** Known for what exists. */
  readonly uid: string | undefined
  readonly risk: Risk
  /** One sentence: "no longer declared", "spec.shards changed". For `blocked`, what blocks it. */
  readonly reason: string
  /** For `blocked`. */
  readonly blockedBy?: Reason
  /** For `blocked`: what it would have been. */
  readonly wanted?: Verb
  readonly cause: Place | undefined
  readonly changes: readonly FieldChange[]
  /** identityKeys of actions of this plan that come first. */
  readonly waitsFor: readonly string[]
  /** For data loss: what the engine knows would go; for a reset, what is read again or skipped. */
  readonly cost: Cost | undefined
  /** For `update` and `readopt`: the Stream that this one was, whose data, offsets and readers it keeps. */
  readonly movedFrom?: Identity
  /** For `adopt`, `transfer` and `release`: the source that owned it; absent where none did. */
  readonly ownerBefore?: string
  /** What to converge to; absent when something goes. */
  readonly desired: Resource | undefined
}

export interface FieldChange {
  /** `spec.retention.age` */
  readonly path: string
  readonly from: unknown
  readonly to: unknown
}

export interface Cost {
  readonly records: number
  readonly bytes: number
  /** When the oldest and the newest of them arrived, in microseconds; undefined when there are none. */
  readonly oldestUs: number | undefined
  readonly newestUs: number | undefined
  /** Groups that have not read all of it. */
  readonly consumers: readonly Consumer[]
  /** Pipelines and Sinks that read the stream, of whatever source. */
  readonly readers: readonly Identity[]
  /** For a Pipeline or Sink whose position moves: what it reads again, and what it never reads; nothing of it goes. */
  readonly readAgain?: RecordAmount
  readonly skipped?: RecordAmount
}

export interface Consumer {
  readonly group: string
  /** Records that it has still to read, and that would go. */
  readonly behind: number
}
