/** `if` and `match` within queries. */
import type { Evaluate, Frame } from '../frame.ts'
import type { IfExpression, MatchExpression } from '../syntax/tree.ts'
import { deepEqual } from '../values/equality.ts'
import { isMarker, NOTHING, type Result } from '../values/result.ts'
import { type Code, code, type Scope } from './code.ts'
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
  const literals = cases.some(({ check }) => check?.constant !== undefined)
  const readThis =
    subject !== undefined || literals
      ? compileExpression(
          scope,
          subject ?? { kind: 'this', name: 'this', at: expression.at, height: 1 },
        ).evaluate
      : () => null
  return code((frame) => {
    const current = readThis(frame)
    if (subject !== undefined) frame.contexts[slot] = current
    for (const { check, value } of cases) {
      if (check === undefined || matches(frame, check, current)) return value(frame)
    }
    return NOTHING
  }, 'match expression')
}

function matches(frame: Frame, { constant, evaluate }: Code, current: Result): boolean {
  if (constant === undefined) return evaluate(frame) === true
  return !isMarker(current) && deepEqual(constant, current)
}
