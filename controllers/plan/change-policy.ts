/**
 * What has to hold for the changes of a plan to be carried out: a rule over all of them, or times at which data may go.
 *
 * A policy judges plans and nothing else; it is compiled once, when headgate.yaml is loaded. One that cannot be evaluated
 * allows nothing.
 */
import { type ChangeRule, evaluateRule } from './change-rule.ts'
import { type ChangeWindow, isWithin, windowText } from './change-windows.ts'
import { isRemoval } from './order.ts'
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
  readonly labelsOf: (action: Action) => Readonly<Record<string, string>>
  readonly nowUs: number
}

export interface Refusal {
  readonly action: Action
  /** A sentence that names the policy. */
  readonly reason: string
}

/**
 * Where the rule does not hold for the whole, an action that breaks it even alone is refused alone; if the others break
 * it together still, all are refused.
 */
export function rulePolicy(
  name: string,
  rule: ChangeRule,
  message: string | undefined,
): ChangePolicy {
  const refused = `Policy ${name} does not allow it: ${sentence(message ?? rule.text)}`
  return {
    name,
    refusals(request) {
      const { actions } = request
      const whole = evaluateRule(rule, request)
      if (whole === true) return []
      const all = (reason: string): readonly Refusal[] =>
        actions.map((action) => ({ action, reason }))
      if (whole !== false) return all(unevaluated(name, whole.error))
      const alone = new Set(
        actions.filter((action) => evaluateRule(rule, { ...request, actions: [action] }) !== true),
      )
      const rest = actions.filter((action) => !alone.has(action))
      const restHolds = evaluateRule(rule, { ...request, actions: rest }) === true
      return restHolds ? [...alone].map((action) => ({ action, reason: refused })) : all(refused)
    },
  }
}

/** Data goes, and resources go, within one of the windows only. */
export function windowPolicy(
  name: string,
  windows: readonly ChangeWindow[],
  message: string | undefined,
): ChangePolicy {
  const when = windows.map(windowText).join(' or ')
  const why = message === undefined ? '' : ` ${sentence(message)}`
  const reason = `Policy ${name} lets resources and data go only ${when}.${why}`
  return {
    name,
    refusals({ actions, nowUs }) {
      if (windows.some((window) => isWithin(window, nowUs))) return []
      return actions.filter(isDestructive).map((action) => ({ action, reason }))
    },
  }
}

function isDestructive({ verb, risk }: Action): boolean {
  return isRemoval(verb) || risk === 'data-loss'
}

function unevaluated(name: string, error: string): string {
  return `Policy ${name} could not be evaluated, so nothing is carried out: ${sentence(error)}`
}

function sentence(text: string): string {
  const trimmed = text.trim()
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`
}
