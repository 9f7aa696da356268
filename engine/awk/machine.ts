/** What a run of a program holds: variables, the input, the output, and how much of everything it may still use. */
import { MappingError } from '../bloblang/mapping-error.ts'
import type { Regexp } from '../bloblang/regexp/regexp.ts'
import { Cell } from './cell.ts'
import { numberText } from './format.ts'
import { compilePattern } from './pattern.ts'
import { CurrentRecord } from './record.ts'
import { type AwkValue, fromInput, NumericText, numberOf } from './values.ts'

/** A step is an operation, or sixteen characters of a long text that it goes through. */
export const STEPS_MAX = 10_000_000
/** Characters that a program may print of one message, or hold in one text. */
export const OUTPUT_LENGTH_MAX = 16_777_216
export const CALL_DEPTH_MAX = 200
const REGEXPS_MAX = 500
/** Reading a pattern costs about as much as so many steps. */
const STEPS_OF_PATTERN = 200

/** What a program is given besides its input. */
export interface AwkHost {
  readonly functions: Readonly<Record<string, (given: readonly string[]) => AwkValue>>
  /** In [0, 1). */
  random(): number
  seconds(): number
}

export class Machine {
  readonly host: AwkHost
  readonly globals: Map<string, Cell> = new Map()
  readonly record: CurrentRecord
  locals: readonly Cell[] = []
  depth = 0
  #steps = 0
  readonly #printed: string[] = []
  #printedLength = 0
  readonly #input: string
  #position = 0
  readonly #regexps: Map<string, Regexp>

  constructor(host: AwkHost, input: string, regexps: Map<string, Regexp>) {
    this.host = host
    this.#input = input
    this.#regexps = regexps
    const preset: Readonly<Record<string, AwkValue>> = {
      FS: ' ',
      RS: '\n',
      OFS: ' ',
      ORS: '\n',
      SUBSEP: '\x1c',
      CONVFMT: '%.6g',
      OFMT: '%.6g',
      NR: 0,
      FNR: 0,
      RSTART: 0,
      RLENGTH: -1,
      ARGC: 0,
      FILENAME: '',
    }
    for (const [name, value] of Object.entries(preset)) this.globals.set(name, new Cell(value))
    this.record = new CurrentRecord(
      (text) => this.split(text, this.special('FS')),
      (fields) => this.bounded(fields.map((field) => this.text(field)).join(this.special('OFS'))),
    )
  }

  charge(characters = 0): void {
    this.#steps += 1 + (characters >> 4)
    if (this.#steps > STEPS_MAX) {
      throw new MappingError(`the program took more than ${STEPS_MAX} steps`)
    }
  }

  bounded(text: string): string {
    if (text.length > OUTPUT_LENGTH_MAX) {
      throw new MappingError(`a text became longer than ${OUTPUT_LENGTH_MAX} characters`)
    }
    this.charge(text.length)
    return text
  }

  print(text: string): void {
    this.#printedLength += text.length
    this.charge(text.length)
    if (this.#printedLength > OUTPUT_LENGTH_MAX) {
      throw new MappingError(`the program printed more than ${OUTPUT_LENGTH_MAX} characters`)
    }
    this.#printed.push(text)
  }

  output(): string {
    return this.#printed.join('')
  }

  global(name: string): Cell {
    let cell = this.globals.get(name)
    if (cell === undefined) {
      cell = new Cell()
      this.globals.set(name, cell)
    }
    return cell
  }

  special(name: string): string {
    return this.text(this.global(name).value)
  }

  text(value: AwkValue): string {
    if (typeof value === 'string') return value
    if (value === undefined) return ''
    if (value instanceof NumericText) return value.text
    return Number.isSafeInteger(value) ? String(value + 0) : this.#numberText(value, 'CONVFMT')
  }

  outputText(value: AwkValue): string {
    return typeof value === 'number' ? this.#numberText(value, 'OFMT') : this.text(value)
  }

  #numberText(value: number, name: string): string {
    const pattern = this.global(name).value
    return numberText(value, typeof pattern === 'string' ? pattern : '%.6g')
  }

  regexp(pattern: string): Regexp {
    const known = this.#regexps.get(pattern)
    if (known !== undefined) return known
    this.charge((STEPS_OF_PATTERN + pattern.length) << 4)
    const made = compilePattern(pattern)
    if (this.#regexps.size >= REGEXPS_MAX) this.#regexps.clear()
    this.#regexps.set(pattern, made)
    return made
  }

  /** A blank parts at runs of white space, another character at itself, and what is longer is a regular expression. */
  split(text: string, separator: string): readonly string[] {
    this.charge(text.length << 2)
    if (text === '') return []
    if (separator === ' ') return text.split(/[ \t\n]+/).filter((part) => part !== '')
    const lines = this.special('RS') === '' && separator !== '\n'
    if (separator.length <= 1 && !lines) return separator === '' ? [...text] : text.split(separator)
    const literal =
      separator.length === 1 ? `[${separator === '\\' ? '\\\\' : separator}]` : separator
    return this.#parts(text, lines ? `(${literal})|\n` : literal)
  }

  splitBy(text: string, pattern: string): readonly string[] {
    this.charge(text.length << 2)
    return text === '' ? [] : this.#parts(text, pattern)
  }

  #parts(text: string, pattern: string): readonly string[] {
    const parts: string[] = []
    let from = 0
    for (const { start, end } of this.regexp(pattern).matches(text)) {
      if (end === start) continue
      parts.push(text.slice(from, start))
      from = end
    }
    parts.push(text.slice(from))
    return parts
  }

  /** The next record, counted; undefined at the end. */
  read(): string | undefined {
    const record = this.#next()
    if (record === undefined) return undefined
    for (const name of ['NR', 'FNR']) {
      const cell = this.global(name)
      cell.value = numberOf(cell.value) + 1
    }
    this.charge(record.length)
    return record
  }

  #next(): string | undefined {
    const separator = this.special('RS')
    if (separator === '') {
      while (this.#input[this.#position] === '\n') this.#position++
    }
    if (this.#position >= this.#input.length) return undefined
    if (separator.length === 1) {
      const at = this.#input.indexOf(separator, this.#position)
      return this.#cut(at === -1 ? this.#input.length : at, 1)
    }
    const rest = this.#input.slice(this.#position)
    this.charge(rest.length)
    const pattern = separator === '' ? '\n\n+' : separator
    const match = this.regexp(pattern)
      .matches(rest, 2)
      .find(({ start, end }) => end > start)
    if (match !== undefined) return this.#cut(this.#position + match.start, match.end - match.start)
    const last = this.#cut(this.#input.length, 0)
    return separator === '' && last.endsWith('\n') ? last.slice(0, -1) : last
  }

  #cut(end: number, separator: number): string {
    const record = this.#input.slice(this.#position, end)
    this.#position = end + separator
    return record
  }

  setVariable(name: string, text: string): void {
    this.global(name).value = fromInput(text)
  }
}
