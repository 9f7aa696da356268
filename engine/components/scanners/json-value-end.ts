/** Where a JSON value ends, without understanding it: brackets and texts are counted, and judged when it is parsed. */

const QUOTE = 34
const BACKSLASH = 92
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b])
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d])
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])
const COMMA = 0x2c

export function skipSpaces(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && SPACES.has(bytes[at] ?? 0)) at++
  return at
}

/**
 * One past the value that begins at `from`; -1 when it is not all there. A number or a word ends before a space, a
 * comma, a bracket or a quote.
 */
export function jsonValueEnd(bytes: Uint8Array, from: number, ended: boolean): number {
  const first = bytes[from]
  if (first === undefined) return -1
  if (first === QUOTE) return textEnd(bytes, from)
  if (OPENING.has(first)) return bracketEnd(bytes, from)
  let at = from + 1
  while (at < bytes.length && !endsWord(bytes[at] ?? 0)) at++
  return at < bytes.length || ended ? at : -1
}

function bracketEnd(bytes: Uint8Array, from: number): number {
  let depth = 0
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) {
      const end = textEnd(bytes, at)
      if (end < 0) return -1
      at = end - 1
    } else if (OPENING.has(byte)) {
      depth += 1
    } else if (CLOSING.has(byte)) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}

function textEnd(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at += 1
    else if (bytes[at] === QUOTE) return at + 1
  }
  return -1
}

function endsWord(byte: number): boolean {
  const bracket = OPENING.has(byte) || CLOSING.has(byte)
  return bracket || SPACES.has(byte) || byte === COMMA || byte === QUOTE
}
