/** `if` and `match` as expressions. */
import type { Cursor } from './cursor.ts'
import { heightOver, parseExpression } from './parse-expression.ts'
import type { Expression } from './tree.ts'

export function parseIf(cursor: Cursor): Expression {
  const at = cursor.at
  const branches: { condition: Expression; value: Expression }[] = []
  let otherwise: Expression | undefined
  cursor.takeKeyword('if')
  for (;;) {
    cursor.skipBlank()
    const condition = parseExpression(cursor)
    branches.push({ condition, value: parseBlock(cursor) })
    const before = cursor.at
    cursor.skipBlank()
    if (!cursor.takeKeyword('else')) {
      cursor.at = before
      break
    }
    cursor.skipBlank()
    if (!cursor.takeKeyword('if')) {
      otherwise = parseBlock(cursor)
      break
    }
  }
  const parts = branches.flatMap(({ condition, value }) => [condition, value])
  return { kind: 'if', branches, otherwise, at, height: heightOver(at, [...parts, otherwise]) }
}

function parseBlock(cursor: Cursor): Expression {
  cursor.skipBlank()
  cursor.expect('{')
  cursor.skipBlank()
  const value = parseExpression(cursor)
  cursor.skipBlank()
  cursor.expect('}')
  return value
}

export function parseMatch(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.takeKeyword('match')
  cursor.skipBlank()
  let subject: Expression | undefined
  if (cursor.peek() !== '{') {
    subject = parseExpression(cursor)
    cursor.skipBlank()
  }
  cursor.expect('{')
  const cases: { check: Expression | undefined; value: Expression }[] = []
  cursor.skipBlank()
  do {
    cases.push(parseCase(cursor))
  } while (parseCaseEnd(cursor))
  const parts = cases.flatMap(({ check, value }) => [check, value])
  return { kind: 'match', subject, cases, at, height: heightOver(at, [subject, ...parts]) }
}

/** How far the arrow may stand from the `_`. */
const CATCH_ALL_LENGTH = 100

function parseCase(cursor: Cursor): { check: Expression | undefined; value: Expression } {
  let check: Expression | undefined
  if (/_\s*=>/y.test(cursor.text.slice(cursor.at, cursor.at + CATCH_ALL_LENGTH))) cursor.at++
  else check = parseExpression(cursor)
  cursor.skipBlank()
  cursor.expect('=>')
  cursor.skipBlank()
  return { check, value: parseExpression(cursor) }
}

/** A comma or a newline parts the cases. True when another one follows. */
function parseCaseEnd(cursor: Cursor): boolean {
  const newline = cursor.skipBlank()
  const comma = cursor.take(',')
  cursor.skipBlank()
  if (cursor.take('}')) return false
  if (!newline && !comma) cursor.fail('`,`, a new line or `}` after a case')
  return true
}
