/** Numbers and quoted strings. */
import { INT64_MAX, makeFloat, makeInteger } from '../values/number.ts'
import type { Value } from '../values/value.ts'
import { type Cursor, SyntaxProblem } from './cursor.ts'

const NUMBER = /(\d+)(\.\d+)?/y

/** A number literal: int64, or a float with digits on both sides of the point. */
export function parseNumber(cursor: Cursor): Value {
  NUMBER.lastIndex = cursor.at
  const match = NUMBER.exec(cursor.text)
  if (match === null) cursor.fail('a number')
  const start = cursor.at
  const [text, digits = '', fraction] = match
  cursor.at += text.length
  if (/[A-Za-z_]/.test(cursor.peek())) {
    cursor.fail('a number', start, 'Numbers have no exponent, no prefix and no separators.')
  }
  if (fraction !== undefined) return makeFloat(Number(text))
  // Twenty digits cannot be an int64, and converting a million of them would take long.
  const whole = digits.length > 19 ? INT64_MAX + 1n : BigInt(digits)
  if (whole > INT64_MAX) {
    throw new SyntaxProblem(start, `expected a number up to ${INT64_MAX}, got a larger one`)
  }
  return makeInteger(whole)
}

export function atString(cursor: Cursor): boolean {
  return cursor.peek() === '"'
}

/** `"with escapes"` or `"""as it stands"""`. */
export function parseString(cursor: Cursor): string {
  if (cursor.looksAt('"""')) return parseRawString(cursor)
  const start = cursor.at
  cursor.expect('"')
  let text = ''
  for (;;) {
    const character = cursor.peek()
    if (character === '' || character === '\n') {
      throw new SyntaxProblem(
        start,
        'expected a closing `"`, got the end of the line',
        '`"`',
        'A text over several lines stands between `"""`.',
      )
    }
    cursor.at++
    if (character === '"') return text
    text += character === '\\' ? parseEscape(cursor) : character
  }
}

function parseRawString(cursor: Cursor): string {
  const start = cursor.at
  const end = cursor.text.indexOf('"""', start + 3)
  if (end === -1) {
    throw new SyntaxProblem(start, 'expected a closing `"""`, got the end of the mapping', '`"""`')
  }
  cursor.at = end + 3
  return cursor.text.slice(start + 3, end)
}

const ESCAPES = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
])

const CODE_ESCAPE = /u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-7]{3})/y

/** After a backslash: what Go knows in strings. */
function parseEscape(cursor: Cursor): string {
  const start = cursor.at - 1
  const simple = ESCAPES.get(cursor.peek())
  if (simple !== undefined) {
    cursor.at++
    return simple
  }
  CODE_ESCAPE.lastIndex = cursor.at
  const match = CODE_ESCAPE.exec(cursor.text)
  const hexadecimal = match?.[1] ?? match?.[2] ?? match?.[3]
  const code =
    hexadecimal === undefined
      ? Number.parseInt(match?.[4] ?? '', 8)
      : Number.parseInt(hexadecimal, 16)
  const isByte = match?.[4] !== undefined
  if (
    match === null ||
    Number.isNaN(code) ||
    code > (isByte ? 0xff : 0x10ffff) ||
    (code >= 0xd800 && code <= 0xdfff)
  ) {
    cursor.fail(
      'an escape that exists',
      start,
      'Known are \\a \\b \\f \\n \\r \\t \\v \\\\ \\" \\xhh \\ooo \\uhhhh \\Uhhhhhhhh; a backslash itself is \\\\.',
    )
  }
  cursor.at += match[0].length
  return String.fromCodePoint(code)
}
