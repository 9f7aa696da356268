/** Strict JSON (RFC 8259) → one document as a tree with positions: no comments, no trailing commas. */
import { DOCUMENT_NODES_MAX, LEVELS_MAX } from './limits.ts'
import type { ParsedFile } from './parse-yaml.ts'
import type { Problem } from './problem.ts'
import { isSecretName } from './secret-text.ts'
import type { SourceText, Span } from './source-text.ts'
import type { Entry, ScalarTree, Tree } from './tree.ts'

export function parseJson(source: SourceText): ParsedFile {
  const reader = new JsonReader(source)
  try {
    const tree = reader.document()
    if (tree === undefined) return { documents: [], problems: [] }
    return { documents: [{ tree, problems: reader.problems }], problems: reader.problems }
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    const problems = [...reader.problems, error.problem]
    return { documents: [{ tree: undefined, problems }], problems }
  }
}

/** Longer words are shown in part. */
const WORD_LENGTH_MAX = 40

class JsonFault extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

const NUMBER = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y
const STRING = /"(?:[^"\\\n\t]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const STRING_START = /"(?:[^"\\\n\t]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
/** What somebody may have meant as a word. */
const WORD = /[^\s,:[\]{}"]+/y
const WORDS = { true: true, false: false, null: null } as const
const KEYS_REFUSED: readonly string[] = ['__proto__', 'constructor']

class JsonReader {
  readonly problems: Problem[] = []
  readonly #source: SourceText
  readonly #text: string
  #at = 0
  #values = 0

  constructor(source: SourceText) {
    this.#source = source
    this.#text = source.text
  }

  document(): Tree | undefined {
    this.#skip()
    if (this.#at === this.#text.length) return undefined
    const tree = this.#value(0)
    this.#skip()
    if (this.#at < this.#text.length) {
      this.#fail('the end of the file', 'put each resource in a file of its own, or all in a List')
    }
    return tree
  }

  #value(level: number): Tree {
    if (++this.#values > DOCUMENT_NODES_MAX) {
      const message = `expected at most ${DOCUMENT_NODES_MAX} values in a document`
      throw new JsonFault(
        this.#problem(this.#here(), 'LimitExceeded', message, 'split the document'),
      )
    }
    const character = this.#text[this.#at]
    if (character === '{' || character === '[') {
      if (level + 1 > LEVELS_MAX) {
        throw new JsonFault(
          this.#problem(
            this.#here(),
            'LimitExceeded',
            `expected at most ${LEVELS_MAX} levels`,
            'split the document',
          ),
        )
      }
      return character === '{' ? this.#object(level + 1) : this.#array(level + 1)
    }
    if (character === '"') return this.#string()
    return this.#numberOrWord()
  }

  #object(level: number): Tree {
    const start = this.#at
    const entries: Entry[] = []
    const names = new Set<string>()
    this.#sequence('}', () => {
      if (this.#text[this.#at] !== '"') this.#fail('a key in double quotes', this.#formHint())
      const key = this.#string()
      const name = String(key.value)
      this.#skip()
      if (this.#text[this.#at] !== ':') this.#fail('":"')
      this.#at++
      this.#skip()
      const value = this.#value(level)
      if (names.has(name))
        this.#refuse(
          key.span,
          `expected each key once, got ${name} a second time`,
          'remove one of them',
        )
      else if (KEYS_REFUSED.includes(name))
        this.#refuse(key.span, `expected plain JSON, got the key ${name}`, 'use another name')
      else entries.push({ key: name, keySpan: key.span, value })
      names.add(name)
    })
    return { kind: 'map', span: { start, end: this.#at }, entries }
  }

  #array(level: number): Tree {
    const start = this.#at
    const items: Tree[] = []
    this.#sequence(']', () => items.push(this.#value(level)))
    return { kind: 'list', span: { start, end: this.#at }, items }
  }

  #sequence(close: '}' | ']', element: () => void): void {
    this.#at++
    this.#skip()
    if (this.#text[this.#at] === close) {
      this.#at++
      return
    }
    for (;;) {
      element()
      this.#skip()
      const character = this.#text[this.#at]
      if (character !== ',' && character !== close) this.#fail(`"," or "${close}"`)
      this.#at++
      if (character === close) return
      this.#skip()
    }
  }

  #string(): ScalarTree {
    STRING.lastIndex = this.#at
    const match = STRING.exec(this.#text)
    if (match === null) this.#failInString()
    const span: Span = { start: this.#at, end: STRING.lastIndex }
    this.#at = span.end
    return {
      kind: 'scalar',
      span,
      value: JSON.parse(match?.[0] ?? '""') as string,
      style: 'quoted',
    }
  }

  /** An escape that JSON does not have is told where it stands, a missing quote where the text began. */
  #failInString(): never {
    STRING_START.lastIndex = this.#at
    const end = this.#at + (STRING_START.exec(this.#text)?.[0].length ?? 1)
    if (this.#text[end] === '\t') {
      this.#at = end
      throw this.#fault('expected text without a tab in it, got one', 'write \\t')
    }
    if (this.#text[end] !== '\\') {
      const found = this.#text[end] === undefined ? 'the end of the file' : 'the end of the line'
      throw this.#fault(`expected a closing ", got ${found}`, 'close the quote that is opened here')
    }
    this.#at = end
    const written = this.#text.slice(end, end + 2)
    throw this.#fault(`expected an escape that JSON has, got ${written}`, 'double the backslash', 2)
  }

  #numberOrWord(): ScalarTree {
    const start = this.#at
    for (const [word, value] of Object.entries(WORDS)) {
      if (!this.#text.startsWith(word, start)) continue
      this.#at += word.length
      return { kind: 'scalar', span: { start, end: this.#at }, value, style: 'quoted' }
    }
    NUMBER.lastIndex = start
    const match = NUMBER.exec(this.#text)
    if (match === null) this.#fail('a value', this.#formHint())
    this.#at = NUMBER.lastIndex
    const span = { start, end: this.#at }
    const value = Number(match?.[0])
    if (
      !Number.isFinite(value) ||
      (/^-?\d+$/.test(match?.[0] ?? '') && !Number.isSafeInteger(value))
    ) {
      this.#refuse(
        span,
        `expected a number that is kept exactly, got ${match?.[0]}, which would be rounded`,
        'put it in quotes, or use a smaller one',
      )
    }
    return { kind: 'scalar', span, value: Number.isFinite(value) ? value : 0, style: 'quoted' }
  }

  #skip(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #here(): Span {
    return { start: this.#at, end: this.#at + 1 }
  }

  #refuse(span: Span, message: string, hint: string): void {
    this.problems.push(this.#problem(span, 'YamlRefused', message, hint))
  }

  #fail(expected: string, hint?: string): never {
    const word = this.#word()
    const character = this.#text[this.#at]
    const shown = this.#isSecret() ? 'something else' : word || character
    const found = character === undefined ? 'the end of the file' : shown
    const comma = character === '"' && expected.startsWith('","') ? 'put a comma before it' : hint
    throw this.#fault(`expected ${expected}, got ${found}`, comma, Math.max(1, word.length))
  }

  #fault(message: string, hint?: string, width = 1): JsonFault {
    const span = { start: this.#at, end: this.#at + width }
    return new JsonFault(this.#problem(span, 'YamlSyntax', message, hint))
  }

  /** Whether what stands here is the value of a key that names a secret. */
  #isSecret(): boolean {
    const key = /"([^"\n]*)"\s*:\s*$/.exec(this.#text.slice(Math.max(0, this.#at - 200), this.#at))
    return key !== null && isSecretName(key[1] ?? '')
  }

  #word(): string {
    WORD.lastIndex = this.#at
    return WORD.exec(this.#text)?.[0].slice(0, WORD_LENGTH_MAX) ?? ''
  }

  /** What people write from YAML, JavaScript and Python. */
  #formHint(): string | undefined {
    const word = this.#word()
    if (/^(\/\/|\/\*|#)/.test(word)) return 'remove the comment: JSON has none'
    const lower = word.toLowerCase()
    if (Object.hasOwn(WORDS, lower)) return `write ${lower}`
    if (lower === 'none' || lower === 'undefined') return 'write null'
    if (word === '') return this.#text[this.#at] === '}' ? 'remove the comma before it' : undefined
    return 'put it in double quotes'
  }

  #problem(
    span: Span,
    code: 'YamlSyntax' | 'YamlRefused' | 'LimitExceeded',
    message: string,
    hint?: string,
  ): Problem {
    const said = hint === undefined ? {} : { hint }
    return this.#source.problem(span, { layer: 'syntax', code, message, ...said })
  }
}
