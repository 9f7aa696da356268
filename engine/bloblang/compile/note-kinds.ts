/** Warns of operators whose operands have kinds, as far as they are written down, that make for surprises. */
import type { BinaryExpression, BinaryOperator, Expression } from '../syntax/tree.ts'
import { kindOf } from '../values/kind-of.ts'
import { type Scope, surprise } from './code.ts'

export function noteKinds(scope: Scope, { operator, left, right, at }: BinaryExpression): void {
  if (operator === '&&' || operator === '||') {
    for (const operand of [left, right]) {
      const kind = knownKind(operand)
      if (kind === undefined || kind === 'bool') continue
      const then =
        kind === 'number' ? 'any number but 0 counts as true' : 'it fails for every message'
      const message = `expected a bool beside \`${operator}\`, got ${kind}: ${then}`
      surprise(scope, operand.at, message, 'Compare it with something.')
    }
  } else if (operator === '==' || operator === '!=') {
    const first = knownKind(left)
    const second = knownKind(right)
    if (first === undefined || second === undefined || first === second) return
    const verdict =
      first === 'bool' && second === 'number'
        ? 'any number but 0 counts as true'
        : `that is always ${operator === '!='}`
    const message = `this compares ${first} with ${second}: ${verdict}`
    surprise(scope, at, message, 'Compare values of the same type.')
  }
}

const ARITHMETIC: ReadonlySet<BinaryOperator> = new Set(['-', '*', '/', '%'])

/** The kind that an expression has whatever the message; undefined where it depends. */
function knownKind(expression: Expression): string | undefined {
  switch (expression.kind) {
    case 'literal':
      return expression.value === null ? undefined : kindOf(expression.value)
    case 'array':
    case 'object':
      return expression.kind
    case 'unary':
      return expression.operator === '!' ? 'bool' : 'number'
    case 'binary':
      if (ARITHMETIC.has(expression.operator)) return 'number'
      return expression.operator === '|' || expression.operator === '+' ? undefined : 'bool'
    default:
      return undefined
  }
}
