/**
 * Finds where the members of a JSON object and the elements of an array stand in their text, so that a value can be
 * kept exactly as it was sent: a number of twenty digits, `1.0`, the order and the spaces.
 *
 * The text must have been accepted by JSON.parse; this only walks it.
 */

export interface Span {
  readonly start: number
  /** One past the last character. */
  readonly end: number
}

export interface MemberSpan extends Span {
  readonly name: string
}

const SPACE = /[ \t\n\r]*/y
const STRING = /"(?:[^"\\]|\\.)*"/y
const SCALAR = /[^ \t\n\r,\]}]+/y

/** The members of the object that begins at or after `start`, duplicates included; undefined when it is no object. */
export function memberSpans(text: string, start: number): readonly MemberSpan[] | undefined {
  let at = skipSpace(text, start)
  if (text[at] !== '{') return undefined
  const members: MemberSpan[] = []
  at = skipSpace(text, at + 1)
  while (text[at] === '"') {
    const nameEnd = match(STRING, text, at)
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const end = valueEnd(text, valueStart)
    members.push({ name: JSON.parse(text.slice(at, nameEnd)) as string, start: valueStart, end })
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return members
}

/** The elements of the array that begins at or after `start`; undefined when it is no array. */
export function elementSpans(text: string, start: number): readonly Span[] | undefined {
  let at = skipSpace(text, start)
  if (text[at] !== '[') return undefined
  const elements: Span[] = []
  at = skipSpace(text, at + 1)
  while (at < text.length && text[at] !== ']') {
    const end = valueEnd(text, at)
    elements.push({ start: at, end })
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return elements
}

/** Containers are left by counting brackets; strings are passed over whole, for they may hold brackets. */
function valueEnd(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return match(STRING, text, start)
  if (first !== '{' && first !== '[') return match(SCALAR, text, start)
  let depth = 0
  for (let at = start; at < text.length; ) {
    const character = text[at]
    if (character === '"') {
      at = match(STRING, text, at)
      continue
    }
    if (character === '{' || character === '[') depth++
    if (character === '}' || character === ']') depth--
    at++
    if (depth === 0) return at
  }
  return text.length
}

function skipSpace(text: string, at: number): number {
  return match(SPACE, text, at)
}

/** Where the match ends, or the end of the text, so that no walk can stand still. */
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : text.length
}
