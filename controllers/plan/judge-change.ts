/**
 * What it takes to make an existing resource what is declared: each field that differs is judged by the table of its
 * kind, and the gravest verdict counts.
 */
import type { Identity } from '../../crds/resource.ts'
import type { ValidMember } from '../sets/resource-set.ts'
import { CHANGES_MAX, differences } from './differences.ts'
import { act, blocked } from './draft.ts'
import { type FieldVerdict, ruleOf } from './field-tables.ts'
import type { Observed, ObservedResource } from './observed.ts'
import type { Action, FieldChange, Risk, Verb } from './plan.ts'
import type { Loss } from './stream-cost.ts'

/** A stream that holds records of this type, or of one that it is part of. */
export type TypeHolder = (type: Identity) => Identity | undefined

export interface ChangeContext {
  readonly wallUs: number
  readonly holderOfType: TypeHolder
  readonly observed: Observed
}

/** `changes` are what differs, where that is not what the declaration changed. */
export function judgeChange(
  member: ValidMember,
  observed: ObservedResource,
  { holderOfType, wallUs, observed: around }: ChangeContext,
  drift?: readonly FieldChange[],
): Action {
  const { resource } = member
  const { kind } = resource.identity
  const from = observed.accepted ?? resource
  const changes = drift ?? differences(from, resource)
  const heldBy = kind === 'StreamType' ? holderOfType(resource.identity) : undefined
  const judged = changes.map((change) => ({
    change,
    verdict: ruleOf(kind, change.path).judge({
      from,
      to: resource,
      stream: observed.stream,
      heldBy,
      wallUs,
      around,
    }),
  }))
  const refused = judged.map(({ verdict }) => verdict).find((verdict) => verdict.kind === 'refused')
  if (refused?.kind === 'refused')
    return blocked(
      member,
      observed,
      refused.reason,
      sentence(refused.instead),
      changes.slice(0, CHANGES_MAX),
    )
  return changed(member, observed, judged)
}

function changed(
  member: ValidMember,
  observed: ObservedResource,
  judged: readonly { readonly change: FieldChange; readonly verdict: FieldVerdict }[],
): Action {
  let verb: Verb = 'update'
  let risk: Risk = 'safe'
  let loss: Loss | undefined
  const reasons = new Set<string>()
  for (const { change, verdict } of judged) {
    if (verdict.kind === 'satisfied') reasons.add(`${change.path}: ${verdict.note}`)
    if (verdict.kind !== 'change') continue
    reasons.add(`${change.path} changed`)
    if (verdict.note !== undefined) reasons.add(verdict.note)
    if (verdict.verb === 'replace') verb = 'replace'
    if (RISKS.indexOf(verdict.risk) > RISKS.indexOf(risk)) risk = verdict.risk
    loss = verdict.cost ?? loss
  }
  const reason = reasons.size === 0 ? 'applied again to be sure' : [...reasons].join('; ')
  const action = act(member, observed, verb, risk, reason)
  const cost = loss && { ...loss, consumers: [], readers: [] }
  return { ...action, changes: judged.slice(0, CHANGES_MAX).map(({ change }) => change), cost }
}

const RISKS: readonly Risk[] = ['safe', 'disruptive', 'data-loss']

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
