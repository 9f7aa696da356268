/**
 * A rule over the changes of a plan, in CEL: `actions.all(a, a.risk != "data-loss" || now.getHours("UTC") < 6)`.
 *
 * It sees `actions`, all that the plan would do, `source` and `now`. Names and types are checked when it is compiled, and
 * so are the words that a verb, a risk or a kind is compared with: a misspelt one would allow everything.
 */
import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js'
import { KINDS } from '../../crds/resource.ts'
import type { RecordAmount } from '../../engine/streams/position-move.ts'
import { nearest } from '../../engine/suggest.ts'
import type { ChangeRequest } from './change-policy.ts'
import type { Action } from './plan.ts'

export interface ChangeRule {
  readonly text: string
  readonly compiled: ParseResult
}

export type CompiledRule =
  | { readonly ok: true; readonly rule: ChangeRule }
  | {
      readonly ok: false
      readonly message: string
      readonly hint?: string
      /** In characters of the text, from 0. */
      readonly offset: number
    }

/** Steps that a rule may consist of; more is a program. */
export const RULE_NODES_MAX = 1_000

const VERBS = [
  'create',
  'update',
  'replace',
  'delete',
  'retain',
  'readopt',
  'adopt',
  'transfer',
  'release',
] as const satisfies readonly Action['verb'][]
const RISKS = ['safe', 'disruptive', 'data-loss'] as const satisfies readonly Action['risk'][]

/** What a field of an action can be, where only some words make sense. */
const WORDS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['verb', VERBS],
  ['risk', RISKS],
  ['kind', KINDS],
])

const environment: Environment = new Environment({ limits: { maxAstNodes: RULE_NODES_MAX } })
  .registerType('Change', { fields: { path: 'string', from: 'dyn', to: 'dyn' } })
  .registerType('Consumer', { fields: { group: 'string', behind: 'int' } })
  .registerType('Amount', { fields: { records: 'int', bytes: 'int' } })
  .registerType('Cost', {
    fields: {
      records: 'int',
      bytes: 'int',
      consumers: 'list<Consumer>',
      readers: 'list<string>',
      readAgain: 'Amount',
      skipped: 'Amount',
    },
  })
  .registerType('Action', {
    fields: {
      verb: 'string',
      kind: 'string',
      namespace: 'string',
      name: 'string',
      labels: 'map<string, string>',
      risk: 'string',
      reason: 'string',
      changes: 'list<Change>',
      cost: 'Cost',
    },
  })
  .registerVariable('actions', 'list<Action>')
  .registerVariable('source', 'string')
  .registerVariable('now', 'google.protobuf.Timestamp')

export function compileRule(text: string): CompiledRule {
  const checked = environment.check(text)
  if (!checked.valid) {
    const { error } = checked
    const message = error?.summary ?? error?.message.split('\n')[0] ?? 'it cannot be read'
    return {
      ok: false,
      message: `expected a rule, got one where ${message}`,
      offset: startOf(error),
    }
  }
  if (checked.type !== 'bool')
    return {
      ok: false,
      message: `expected a rule that is true or false, got ${checked.type ?? 'something else'}`,
      offset: 0,
    }
  const compiled = environment.parse(text)
  const misspelt = misspeltWord(compiled.ast)
  if (misspelt !== undefined) return { ok: false, ...misspelt }
  return { ok: true, rule: { text, compiled } }
}

/** What is wrong instead, where it cannot be evaluated. */
export function evaluateRule(
  { compiled }: ChangeRule,
  { actions, labelsOf, source, nowUs }: ChangeRequest,
): boolean | { readonly error: string } {
  try {
    const value: unknown = compiled({
      actions: actions.map((action) => shown(action, labelsOf(action))),
      source,
      now: new Date(nowUs / 1_000),
    })
    if (typeof value === 'boolean') return value
    return { error: 'it is neither true nor false' }
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    return { error: text.split('\n')[0] ?? text }
  }
}

/** An action as a rule sees it; whole numbers are CEL's. */
function shown(action: Action, labels: Readonly<Record<string, string>>): unknown {
  const { verb, identity, risk, reason, changes, cost } = action
  return {
    verb,
    kind: identity.kind,
    namespace: identity.namespace,
    name: identity.name,
    labels,
    risk,
    reason,
    changes: changes.map(({ path, from, to }) => ({ path, from: from ?? null, to: to ?? null })),
    cost: {
      records: BigInt(cost?.records ?? 0),
      bytes: BigInt(cost?.bytes ?? 0),
      consumers: (cost?.consumers ?? []).map(({ group, behind }) => ({
        group,
        behind: BigInt(behind),
      })),
      readers: (cost?.readers ?? []).map(({ name }) => name),
      readAgain: amount(cost?.readAgain),
      skipped: amount(cost?.skipped),
    },
  }
}

function amount(of: RecordAmount | undefined): unknown {
  return { records: BigInt(of?.records ?? 0), bytes: BigInt(of?.bytes ?? 0) }
}

function startOf(error: unknown): number {
  const { range } = (error ?? {}) as { readonly range?: { readonly start?: number } }
  return range?.start ?? 0
}

interface Misspelt {
  readonly message: string
  readonly hint: string
  readonly offset: number
}

/** The first text that a field of few words is compared with, and can never be. */
function misspeltWord(ast: ASTNode): Misspelt | undefined {
  const pending: unknown[] = [ast]
  while (pending.length > 0) {
    const node = pending.pop()
    if (Array.isArray(node)) pending.push(...node)
    if (!isNode(node)) continue
    if (Array.isArray(node.args)) {
      const found = comparedIn(node.op, node.args)
      if (found !== undefined) return found
    }
    pending.push(node.args)
  }
  return undefined
}

function comparedIn(op: string, [left, right]: readonly unknown[]): Misspelt | undefined {
  if (op !== '==' && op !== '!=' && op !== 'in') return undefined
  const [field, other] = fieldOf(left) === undefined ? [right, left] : [left, right]
  const name = fieldOf(field)
  const words = WORDS.get(name ?? '')
  if (name === undefined || words === undefined) return undefined
  const texts = isNode(other) && other.op === 'list' ? other.args : [other]
  for (const text of Array.isArray(texts) ? texts : []) {
    if (!isNode(text) || text.op !== 'value' || typeof text.args !== 'string') continue
    if (words.includes(text.args)) continue
    const meant = nearest(text.args, words)
    return {
      message: `there is no ${name} ${JSON.stringify(text.args)}`,
      hint:
        meant === undefined ? `expected one of ${words.join(', ')}` : `did you mean "${meant}"?`,
      offset: text.pos,
    }
  }
  return undefined
}

function fieldOf(node: unknown): string | undefined {
  if (!isNode(node) || node.op !== '.' || !Array.isArray(node.args)) return undefined
  return typeof node.args[1] === 'string' ? node.args[1] : undefined
}

interface Node {
  readonly op: string
  readonly pos: number
  readonly args: unknown
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
