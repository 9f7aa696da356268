/** Methods that put a text in quotes as Go writes them, and take it out again. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { decodeText, expectText } from '../values/kind-of.ts'

const strings = { category: 'strings', status: 'stable', parameters: [] } as const

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

function unquote(text: string): string {
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

export const quotingMethods: readonly MethodDefinition[] = [
  {
    name: 'quote',
    ...strings,
    description: 'The text in double quotes, with escapes for what does not print.',
    examples: [
      { mapping: 'root = this.a.quote()', input: '{"a":"x\\ty"}', output: '"x\\ty"' },
      {
        mapping: 'root = this.a.quote()',
        input: '{"a":"ä\\u0001\\u200b"}',
        output: '"ä\\x01\\u200b"',
      },
    ],
    build: () => (target) => quote(expectText(target)),
  },
  {
    name: 'unquote',
    ...strings,
    description: 'The text that is in quotes, with its escapes resolved.',
    examples: [
      {
        mapping: 'root.a = this.a.unquote()',
        input: '{"a":"\\"x\\\\ty\\\\u00e4\\""}',
        output: '{"a":"x\\tyä"}',
      },
      { mapping: 'root = "bare".unquote()', error: 'expected a quoted text' },
    ],
    build: () => (target) => unquote(expectText(target)),
  },
]
