/** A plan for people: a symbol and a line an action, what changes beneath it, what it costs, and a count. */
import { byteText } from '../crds/size.ts'
import { counted } from './amounts.ts'
import type { Style, Terminal } from './terminal.ts'

/** As `plan -o json` prints it; see api/native/plan-answer.ts. */
export interface PrintedPlan {
  readonly source: string
  readonly digest: string
  readonly destructiveDigest: string | null
  readonly actions: readonly PrintedAction[]
  readonly kept: number
  readonly problems: readonly PrintedProblem[]
}

export interface PrintedAction {
  readonly verb: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly risk: string
  readonly reason: string
  readonly blockedBy?: string
  readonly wanted?: string
  readonly cause: { readonly file: string; readonly line: number } | null
  readonly changes: readonly {
    readonly path: string
    readonly from: unknown
    readonly to: unknown
  }[]
  readonly cost: { readonly records: number; readonly bytes: number } | null
}

export interface PrintedProblem {
  readonly severity: 'error' | 'warning'
}

const LOOKS: Readonly<Record<string, readonly [symbol: string, style: Style]>> = {
  create: ['+', 'green'],
  readopt: ['+', 'green'],
  update: ['~', 'yellow'],
  replace: ['-/+', 'yellow'],
  delete: ['-', 'red'],
  retain: ['-', 'yellow'],
  release: ['-', 'yellow'],
  blocked: ['!', 'red'],
}
const VALUE_LENGTH_MAX = 80

export function symbolOf(verb: string): string {
  return LOOKS[verb]?.[0] ?? ' '
}

export function styleOf(verb: string): Style {
  return LOOKS[verb]?.[1] ?? 'dim'
}

export function planText(plan: PrintedPlan, paint: Terminal['paintData']): string {
  if (plan.actions.length === 0) {
    return `Nothing to change: ${counted(plan.kept, 'resource')} as declared.\n`
  }
  const lines = plan.actions.flatMap((action) => actionLines(action, paint))
  return `${[...lines, '', countsText(plan)].join('\n')}\n`
}

function actionLines(action: PrintedAction, paint: Terminal['paintData']): readonly string[] {
  const { verb, kind, namespace, name, cause, cost } = action
  const where = cause === null ? '' : paint('dim', `  ${cause.file}:${cause.line}`)
  const why = `${action.wanted === undefined ? '' : `${action.wanted}: `}${action.reason}`
  const head = `${symbolOf(verb).padEnd(3)} ${verb.padEnd(7)} ${kind} ${namespace}/${name}`
  const lines = [`${paint(styleOf(verb), head)}  ${why}${where}`]
  for (const { path, from, to } of action.changes) {
    lines.push(`      ${path}: ${valueText(from)} → ${valueText(to)}`)
  }
  if (cost !== null) {
    const what = `destroys ${counted(cost.records, 'record')} (${byteText(cost.bytes)})`
    lines.push(`      ${paint('red', what)}`)
  }
  return lines
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX - 1)}…` : text
}

function countsText({ actions, kept }: PrintedPlan): string {
  const counts = new Map<string, number>()
  for (const { verb } of actions) counts.set(verb, (counts.get(verb) ?? 0) + 1)
  const parts = [...counts].map(([verb, count]) =>
    `${count} to ${verb}`.replace('to blocked', 'blocked'),
  )
  return `Plan: ${parts.join(', ')}, ${kept} as declared.`
}
