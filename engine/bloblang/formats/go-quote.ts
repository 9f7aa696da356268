/** Texts in quotes as Go writes them, and what is in such quotes. */
import { MappingError } from '../mapping-error.ts'
import { decodeText } from '../values/kind-of.ts'

const NAMED: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** Letters, marks, numbers, punctuation, symbols and the plain space are printed as they are. */
const NEEDS_ESCAPE = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

export function quote(text: string): string {
  const escaped = text.toWellFormed().replace(NEEDS_ESCAPE, (character) => {
    const named = NAMED[character]
    if (named !== undefined) return named
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}

const ESCAPE =
  /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))|\\|[^\\]+/g

const LETTERS: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

export function unquote(text: string): string {
  if (text.length >= 2 && /^`[^`]*`$/.test(text)) return text.slice(1, -1).replaceAll('\r', '')
  const inner = /^"((?:[^"\\\n]|\\.)*)"$/s.exec(text)?.[1]
  if (inner === undefined) throw wrong()
  const parts: Uint8Array[] = []
  for (const match of inner.matchAll(ESCAPE)) {
    const [whole, letter, byte, short, long, octal] = match
    if (letter !== undefined) parts.push(Buffer.from(LETTERS[letter] ?? ''))
    else if (byte !== undefined) parts.push(Uint8Array.of(Number.parseInt(byte, 16)))
    else if (octal !== undefined) parts.push(Uint8Array.of(Number.parseInt(octal, 8)))
    else if (short !== undefined || long !== undefined) {
      const code = Number.parseInt(short ?? long ?? '', 16)
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw wrong()
      parts.push(Buffer.from(String.fromCodePoint(code)))
    } else if (whole === '\\') throw wrong()
    else parts.push(Buffer.from(whole))
  }
  return decodeText(Buffer.concat(parts))
}

function wrong(): MappingError {
  return new MappingError('expected a quoted text such as "a\\tb", got something else')
}
