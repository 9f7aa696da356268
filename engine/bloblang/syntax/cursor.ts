/**
 * A place in a mapping text, the white space that may follow it, and the problem that is reported there.
 *
 * Newlines matter in Bloblang in some places and not in others, so the parser asks for the white space it wants and
 * no list of tokens is made beforehand.
 */
import type { MappingProblem } from '../mapping.ts'

/** An offset in UTF-16 units; lines and columns are counted only when something is reported. */
export type Position = number

/** How deep brackets, calls and blocks may nest in a text. */
export const NESTING_DEPTH_MAX = 100
/** How high a tree may be: a chain of operators or methods is as high as it is long. */
export const TREE_HEIGHT_MAX = 1_000
/** A mapping longer than this is refused before it is looked at. */
export const MAPPING_LENGTH_MAX = 1_048_576

/** Stops the parser at the first thing that it cannot read. */
export class SyntaxProblem extends Error {
  readonly at: Position
  readonly expected: string | undefined
  readonly hint: string | undefined

  constructor(at: Position, message: string, expected?: string, hint?: string) {
    super(message)
    this.at = at
    this.expected = expected
    this.hint = hint
  }
}

/** What is well-formed, and may mean something else than its writer thinks. */
export interface Surprise {
  readonly at: Position
  readonly message: string
  readonly hint: string
}

/** A text that surprises everywhere is not told a million times. */
export const SURPRISES_MAX = 100

const WORD = /[A-Za-z0-9_]+/y

export class Cursor {
  readonly text: string
  at: Position = 0
  readonly surprises: Surprise[] = []
  readonly comments: { readonly at: Position; readonly end: Position }[] = []
  #depth = 0

  constructor(text: string) {
    this.text = text
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  note(surprise: Surprise): void {
    if (this.surprises.length < SURPRISES_MAX) this.surprises.push(surprise)
  }

  peek(offset = 0): string {
    return this.text[this.at + offset] ?? ''
  }

  looksAt(symbol: string): boolean {
    return this.text.startsWith(symbol, this.at)
  }

  take(symbol: string): boolean {
    if (!this.looksAt(symbol)) return false
    this.at += symbol.length
    return true
  }

  /** A word as a whole: `iffy` does not begin with the keyword `if`. */
  peekWord(): string {
    WORD.lastIndex = this.at
    return WORD.exec(this.text)?.[0] ?? ''
  }

  takeWord(expected: string): string {
    const word = this.peekWord()
    if (word === '') this.fail(expected)
    this.at += word.length
    return word
  }

  takeKeyword(keyword: string): boolean {
    if (this.peekWord() !== keyword) return false
    this.at += keyword.length
    return true
  }

  expect(symbol: string): void {
    if (!this.take(symbol)) this.fail(`\`${symbol}\``)
  }

  /** Spaces and tabs, not newlines. True when there were any. */
  skipSpaces(): boolean {
    const start = this.at
    while (isSpace(this.text.charCodeAt(this.at))) this.at++
    return this.at > start
  }

  /** White space, newlines and comments. True when a newline was among them. */
  skipBlank(): boolean {
    let newline = false
    for (;;) {
      this.skipSpaces()
      if (this.peek() === '#') this.#skipComment()
      else if (this.peek() === '\n') {
        newline = true
        this.at++
      } else return newline
    }
  }

  /** Runs one level deeper; a text that nests beyond the limit is refused. */
  nested<T>(read: () => T): T {
    if (this.#depth >= NESTING_DEPTH_MAX) {
      throw new SyntaxProblem(
        this.at,
        `expected at most ${NESTING_DEPTH_MAX} levels of nesting`,
        undefined,
        'Give parts a name with `let`, or move them to a `map`.',
      )
    }
    this.#depth++
    try {
      return read()
    } finally {
      this.#depth--
    }
  }

  fail(expected: string, at: Position = this.at, hint?: string): never {
    throw new SyntaxProblem(at, `expected ${expected}, got ${this.found(at)}`, expected, hint)
  }

  /** What stands at a place, for a message. */
  found(at: Position): string {
    if (at >= this.text.length) return 'the end of the mapping'
    if (this.text[at] === '\n') return 'the end of the line'
    WORD.lastIndex = at
    const word = WORD.exec(this.text)?.[0]
    const shown = word ?? String.fromCodePoint(this.text.codePointAt(at) ?? 0)
    return `\`${shown.length > FOUND_LENGTH_MAX ? `${shown.slice(0, FOUND_LENGTH_MAX)}...` : shown}\``
  }

  #skipComment(): void {
    const next = this.text.indexOf('\n', this.at)
    const end = next === -1 ? this.text.length : next
    // What is read twice has its comments once.
    if (this.at > (this.comments.at(-1)?.at ?? -1)) this.comments.push({ at: this.at, end })
    this.at = end
  }
}

const FOUND_LENGTH_MAX = 40

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === 0x0d
}

/** A problem at a place of a text. Lines and columns count from 1, columns in code points. */
export function problemAt(
  text: string,
  at: Position,
  message: string,
  details: Pick<MappingProblem, 'expected' | 'found' | 'hint'> = {},
): MappingProblem {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1
  return {
    line: lineOf(text, at),
    column: Array.from(text.slice(lineStart, at)).length + 1,
    message,
    ...details,
  }
}

/** Which line a position is on, for whoever asks often. */
export class Lines {
  readonly #text: string
  #starts: number[] | undefined

  constructor(text: string) {
    this.#text = text
  }

  /** Counts from 1. */
  at(position: Position): number {
    this.#starts ??= lineStarts(this.#text)
    let low = 0
    let high = this.#starts.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.#starts[middle] ?? 0) <= position) low = middle
      else high = middle
    }
    return low + 1
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let next = text.indexOf('\n'); next !== -1; next = text.indexOf('\n', next + 1)) {
    starts.push(next + 1)
  }
  return starts
}

function lineOf(text: string, at: Position): number {
  let line = 1
  for (let next = text.indexOf('\n'); next !== -1 && next < at; next = text.indexOf('\n', next + 1))
    line++
  return line
}
