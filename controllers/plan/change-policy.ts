/**
 * What has to hold for the changes of a plan to be carried out: a rule over all of them, or times at which data may go.
 *
 * A policy judges plans and nothing else; it is compiled once, when headgate.yaml is loaded.
 */
import type { Action } from './plan.ts'

export interface ChangePolicy {
  readonly name: string
  /** Which of these, to be carried out together, it does not allow now, and why; empty when it allows all of them. */
  readonly refusals: (request: ChangeRequest) => readonly Refusal[]
}

export interface ChangeRequest {
  readonly source: string
  /** All that the plan would do; what is blocked already is left out. */
  readonly actions: readonly Action[]
  readonly nowUs: number
}

export interface Refusal {
  readonly action: Action
  /** A sentence that names the policy. */
  readonly reason: string
}
