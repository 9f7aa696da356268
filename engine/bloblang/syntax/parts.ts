/** The expressions that an expression consists of, for whoever looks through a tree. */
import type { Expression } from './tree.ts'

export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'this':
    case 'root':
    case 'variable':
    case 'metadata':
    case 'word':
      return []
    case 'array':
      return expression.items
    case 'object':
      return expression.entries.flatMap(({ key, value }) => [key, value])
    case 'field':
      return [expression.target]
    case 'method':
      return [expression.target, ...expression.arguments.map(({ value }) => value)]
    case 'function':
      return expression.arguments.map(({ value }) => value)
    case 'bracket':
      return [expression.target, expression.query]
    case 'lambda':
      return [expression.body]
    case 'unary':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'if':
      return [
        ...expression.branches.flatMap(({ condition, value }) => [condition, value]),
        ...(expression.otherwise === undefined ? [] : [expression.otherwise]),
      ]
    case 'match':
      return [
        ...(expression.subject === undefined ? [] : [expression.subject]),
        ...expression.cases.flatMap(({ check, value }) =>
          check === undefined ? [value] : [check, value],
        ),
      ]
  }
}

/** Whether something holds for an expression or for any part of it. */
export function someExpression(
  expression: Expression,
  holds: (part: Expression) => boolean,
): boolean {
  return holds(expression) || partsOf(expression).some((part) => someExpression(part, holds))
}
