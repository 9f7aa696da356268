/** `if` and `match` within queries. */
import type { Evaluate, Frame } from '../frame.ts'
import type { IfExpression, MatchExpression } from '../syntax/tree.ts'
import { deepEqual } from '../values/equality.ts'
import { isMarker, NOTHING, type Result } from '../values/result.ts'
import type { Value } from '../values/value.ts'
import { type Code, code, type Scope, surprise } from './code.ts'
import { compileExpression } from './compile-expression.ts'
import { condition } from './operators.ts'

export function compileIf(scope: Scope, expression: IfExpression): Code {
  const branches = expression.branches.map((branch) => ({
    check: compileExpression(scope, branch.condition),
    value: compileExpression(scope, branch.value).evaluate,
  }))
  const { otherwise } = expression
  const fallback: Evaluate =
    otherwise === undefined ? () => NOTHING : compileExpression(scope, otherwise).evaluate
  return code((frame) => {
    for (const { check, value } of branches) {
      if (condition(check.evaluate(frame), check.label)) return value(frame)
    }
    return fallback(frame)
  }, 'if expression')
}

/** A case that is a literal is compared with `this`; one that is a query matches when it gives exactly true. */
export function compileMatch(scope: Scope, expression: MatchExpression): Code {
  const { subject } = expression
  const slot = scope.slots
  const inner: Scope =
    subject === undefined
      ? scope
      : { ...scope, contexts: [...scope.contexts, slot], slots: slot + 1 }
  const cases = expression.cases.map(({ check, value }) => ({
    check: check === undefined ? undefined : compileExpression(inner, check),
    value: compileExpression(inner, value).evaluate,
  }))
  noteUnreachable(scope, expression, cases)
  const literals = cases.some(({ check }) => check?.constant !== undefined)
  const readThis =
    subject !== undefined || literals
      ? compileExpression(
          scope,
          subject ?? { kind: 'this', name: 'this', at: expression.at, height: 1 },
        ).evaluate
      : () => null
  const byText = casesByText(cases)
  return code((frame) => {
    const current = readThis(frame)
    if (subject !== undefined) frame.contexts[slot] = current
    if (byText !== undefined && typeof current === 'string') {
      return (byText.get(current) ?? byText.otherwise)(frame)
    }
    for (const { check, value } of cases) {
      if (check === undefined || matches(frame, check, current)) return value(frame)
    }
    return NOTHING
  }, 'match expression')
}

interface TextCases {
  get(text: string): Evaluate | undefined
  readonly otherwise: Evaluate
}

/** Where all cases are literals, a text needs one look. */
function casesByText(
  cases: readonly { readonly check: Code | undefined; readonly value: Evaluate }[],
): TextCases | undefined {
  const byText = new Map<string, Evaluate>()
  let otherwise: Evaluate = () => NOTHING
  for (const { check, value } of cases) {
    if (check === undefined) {
      otherwise = value
      break
    }
    const { constant } = check
    if (constant === undefined || constant instanceof Uint8Array) return undefined
    if (typeof constant === 'string' && !byText.has(constant)) byText.set(constant, value)
  }
  return { get: (text) => byText.get(text), otherwise }
}

/** A case after one that matches all, or after one with the same literal, is never looked at. */
function noteUnreachable(
  scope: Scope,
  { cases }: MatchExpression,
  compiled: readonly { readonly check: Code | undefined }[],
): void {
  const all = cases.findIndex(({ check }) => check === undefined)
  const known: Value[] = []
  for (const [index, { check, value }] of cases.entries()) {
    const constant = compiled[index]?.check?.constant
    const isRepeated = constant !== undefined && known.some((one) => deepEqual(one, constant))
    if (constant !== undefined) known.push(constant)
    if (!isRepeated && (all === -1 || index <= all)) continue
    const before = isRepeated ? 'an earlier case has the same value' : 'the case `_` matches all'
    const hint = 'Cases are tried from the top: move it up, or leave it out.'
    surprise(scope, (check ?? value).at, `this case is never reached: ${before}`, hint)
  }
}

function matches(frame: Frame, { constant, evaluate }: Code, current: Result): boolean {
  if (constant === undefined) return evaluate(frame) === true
  return !isMarker(current) && deepEqual(constant, current)
}
