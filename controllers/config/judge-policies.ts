/** The policies of headgate.yaml, compiled; what its schema cannot say is judged here. */
import { type ChangePolicy, rulePolicy, windowPolicy } from '../plan/change-policy.ts'
import { compileRule } from '../plan/change-rule.ts'
import { type ChangeWindow, type Day, isTimeZone } from '../plan/change-windows.ts'
import type { ProblemList } from '../sets/problem-list.ts'
import type { Path } from '../sets/tree.ts'
import { found } from '../sets/value-text.ts'

interface PolicyConfig {
  readonly name?: unknown
  readonly rule?: unknown
  readonly windows?: unknown
  readonly message?: unknown
}

const INVALID = { layer: 'schema', code: 'FieldInvalid' } as const
const TIME_ZONE_DEFAULT = 'UTC'

/** What the schema refuses is told by it alone. */
export function judgePolicies(value: unknown, list: ProblemList): readonly ChangePolicy[] {
  const section = (value as { readonly policies?: unknown } | null)?.policies
  const names = new Set<string>()
  return (Array.isArray(section) ? (section as readonly unknown[]) : []).flatMap(
    (entry, index): ChangePolicy[] => {
      if (typeof entry !== 'object' || entry === null) return []
      const path: Path = ['policies', index]
      const policy = entry as PolicyConfig
      if (typeof policy.name === 'string') {
        if (names.has(policy.name)) twice(policy.name, path, list)
        names.add(policy.name)
      }
      return compiled(policy, path, list)
    },
  )
}

function compiled(policy: PolicyConfig, path: Path, list: ProblemList): ChangePolicy[] {
  const { rule, windows } = policy
  if ((rule === undefined) === (windows === undefined)) {
    const got = rule === undefined ? 'neither' : 'both'
    const message = `expected either a rule or windows, got ${got}`
    const hint = rule === undefined ? 'add rule: EXPRESSION' : 'make two policies of it'
    list.add({ ...INVALID, path, at: 'key', message, hint })
    return []
  }
  const name = String(policy.name)
  const message = typeof policy.message === 'string' ? policy.message : undefined
  if (typeof rule === 'string') {
    const checked = compileRule(rule)
    if (checked.ok) return [rulePolicy(name, checked.rule, message)]
    const { offset, ok: _, ...told } = checked
    const inText = placeIn(rule, offset)
    list.add({ ...INVALID, path: [...path, 'rule'], at: 'value', inText, ...told })
    return []
  }
  if (!Array.isArray(windows)) return []
  const judged = (windows as readonly unknown[]).map((window, index) =>
    windowOf(window, [...path, 'windows', index], list),
  )
  return [
    windowPolicy(
      name,
      judged.filter((window) => window !== undefined),
      message,
    ),
  ]
}

function windowOf(value: unknown, path: Path, list: ProblemList): ChangeWindow | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { days, from, to, timeZone = TIME_ZONE_DEFAULT } = value as Record<string, unknown>
  if (typeof from !== 'string' || typeof to !== 'string' || typeof timeZone !== 'string')
    return undefined
  if (from === to) {
    const message = `expected a window that ends at another time than it begins, got ${from} to ${to}`
    const hint = 'write from: 00:00 and to: 24:00, in quotes, for a whole day'
    list.add({ ...INVALID, path: [...path, 'to'], at: 'value', message, hint })
  }
  if (!isTimeZone(timeZone)) {
    const told = found('a time zone such as Europe/Berlin', timeZone)
    list.add({ ...INVALID, path: [...path, 'timeZone'], at: 'value', ...told })
    return undefined
  }
  return { days: Array.isArray(days) ? (days as readonly Day[]) : undefined, from, to, timeZone }
}

function placeIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

function twice(name: string, path: Path, list: ProblemList): void {
  list.add({
    layer: 'schema',
    code: 'NameDuplicate',
    path: [...path, 'name'],
    at: 'value',
    message: `expected a name of its own, got ${name} a second time`,
  })
}
