/** `if` and `match` within queries. */
import type { Evaluate } from '../frame.ts'
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
  const readThis: Evaluate =
    subject === undefined
      ? compileExpression(scope, { kind: 'this', name: 'this', at: expression.at, height: 1 })
          .evaluate
      : compileExpression(scope, subject).evaluate
  const cases = expression.cases.map(({ check, value }) => ({
    matches: check === undefined ? () => true : caseCheck(compileExpression(inner, check)),
    value: compileExpression(inner, value).evaluate,
  }))
  const needsThis = subject !== undefined || cases.some(({ matches }) => matches.length > 1)
  return code((frame) => {
    const current = needsThis ? readThis(frame) : null
    if (subject !== undefined) frame.contexts[slot] = current
    for (const { matches, value } of cases) {
      if (matches(frame, current)) return value(frame)
    }
    return NOTHING
  }, 'match expression')
}

function caseCheck({
  constant,
  evaluate,
}: Code): (frame: Parameters<Evaluate>[0], current: Result) => boolean {
  if (constant === undefined) {
    const check = (frame: Parameters<Evaluate>[0]): boolean => evaluate(frame) === true
    return check
  }
  return (_frame, current) => !isMarker(current) && deepEqual(constant, current)
}
