/** Reads a program's tokens one at a time; the parser says where a slash begins a regular expression. */
import { AwkSyntaxError } from './syntax-error.ts'
import type { Place } from './tree.ts'

export type TokenKind =
  | 'number'
  | 'text'
  | 'name'
  /** A name right before a parenthesis. */
  | 'call'
  | 'keyword'
  | 'built-in'
  | 'symbol'
  | 'newline'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** Of a text what it says, of others how they are written. */
  readonly text: string
  readonly start: number
  readonly end: number
}

const KEYWORDS: ReadonlySet<string> = new Set(
  'BEGIN END function func if else while for do break continue next exit return delete in getline print printf'.split(
    ' ',
  ),
)

export const BUILT_IN_NAMES: ReadonlySet<string> = new Set(
  'length substr index split sub gsub match sprintf sin cos atan2 exp log sqrt int rand srand tolower toupper system close fflush'.split(
    ' ',
  ),
)

const BLANK = /(?:[ \t\r]|\\\r?\n|#[^\n]*)+/y
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const NAME = /[A-Za-z_]\w*/y
const SYMBOL = /\*\*=|\*\*|&&|\|\||\+\+|--|[-+*/%^]=|==|<=|>=|!=|!~|>>|[-+*/%^!<>|?:~$=(){}[\],;]/y

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  '/': '/',
}

export class Lexer {
  readonly #program: string

  constructor(program: string) {
    this.#program = program
  }

  placeOf(offset: number): Place {
    const before = this.#program.slice(0, offset)
    return {
      line: before.split('\n').length,
      column: offset - before.lastIndexOf('\n'),
    }
  }

  fail(message: string, offset: number): never {
    throw new AwkSyntaxError(message, this.placeOf(offset))
  }

  token(from: number): Token {
    const start = from + this.#length(BLANK, from)
    const character = this.#program[start]
    if (character === undefined) return { kind: 'end', text: 'the end', start, end: start }
    if (character === '\n') return this.#made('newline', start, 1)
    if (character === '"') return this.#text(start)
    const digits = this.#length(NUMBER, start)
    if (digits > 0) return this.#made('number', start, digits)
    const letters = this.#length(NAME, start)
    if (letters > 0) return this.#named(start, letters)
    const symbol = this.#length(SYMBOL, start)
    if (symbol > 0) return this.#made('symbol', start, symbol)
    return this.fail(`unexpected ${JSON.stringify(character)}`, start)
  }

  /** From the slash on. */
  regexp(start: number): Token {
    let inBrackets = false
    for (let at = start + 1; at < this.#program.length; at++) {
      const character = this.#program[at]
      if (character === '\n') break
      if (character === '\\') at++
      else if (character === '[' && !inBrackets) {
        inBrackets = true
        if (this.#program[at + 1] === '^') at++
        if (this.#program[at + 1] === ']') at++
      } else if (character === ']') inBrackets = false
      else if (character === '/' && !inBrackets) {
        const text = this.#program.slice(start + 1, at).replaceAll('\\/', '/')
        return { kind: 'text', text, start, end: at + 1 }
      }
    }
    return this.fail('expected a regular expression that ends on its line', start)
  }

  #text(start: number): Token {
    let text = ''
    for (let at = start + 1; at < this.#program.length; at++) {
      const character = this.#program[at] as string
      if (character === '"') return { kind: 'text', text, start, end: at + 1 }
      if (character === '\n') break
      if (character !== '\\') {
        text += character
        continue
      }
      at++
      const octal = /^[0-7]{1,3}/.exec(this.#program.slice(at, at + 3))?.[0]
      const escaped = this.#program[at] ?? ''
      if (octal !== undefined) {
        text += String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
        at += octal.length - 1
      } else if (escaped !== '\n') text += ESCAPES[escaped] ?? `\\${escaped}`
    }
    return this.fail('expected a text that ends on its line', start)
  }

  #named(start: number, length: number): Token {
    const name = this.#program.slice(start, start + length)
    if (KEYWORDS.has(name)) return this.#made('keyword', start, length)
    if (BUILT_IN_NAMES.has(name)) return this.#made('built-in', start, length)
    return this.#made(this.#program[start + length] === '(' ? 'call' : 'name', start, length)
  }

  #made(kind: TokenKind, start: number, length: number): Token {
    const end = start + length
    return { kind, text: this.#program.slice(start, end), start, end }
  }

  #length(expression: RegExp, from: number): number {
    expression.lastIndex = from
    return expression.exec(this.#program)?.[0].length ?? 0
  }
}
