/**
 * Tapped records as a person reads them: what came of a record beneath it, and what changed.
 *
 * What comes before is held back for what comes of it, until somebody says that it takes too long.
 */
import { changesText } from './tap-changes.ts'
import type { TappedRecord } from './tap-line.ts'
import type { Style, Terminal } from './terminal.ts'

/** Of what a record holds; `-o json` prints all of it. */
export const CONTENT_SHOWN_LENGTH_MAX = 1_000
/** Of what came before; what comes of older ones stands alone. */
const BEFORE_KEPT_MAX = 1_000
const NUMBER_WIDTH = 4
const SIDE_WIDTH = 8

interface Before {
  readonly record: TappedRecord
  readonly text: string
  isPrinted: boolean
}

export class TapText {
  readonly #paint: Terminal['paintData']
  /** By number; what came of them is told by them. */
  readonly #before = new Map<number, Before>()
  #held = 0
  /** Stands right above. */
  #last: number | undefined

  constructor(paint: Terminal['paintData']) {
    this.#paint = paint
  }

  /** What is to be printed now. `holds`: whether what came of what is before is to be expected. */
  record(record: TappedRecord, value: string | undefined, holds: boolean): string {
    const text = contentText(record, value)
    if (record.side === 'after') return this.#after(record, text)
    const before = { record, text, isPrinted: false }
    if (!holds || record.number === undefined) return this.#print(before)
    this.#before.set(record.number, before)
    this.#held += 1
    return this.#before.size > BEFORE_KEPT_MAX ? this.#forgetOldest() : ''
  }

  get isHolding(): boolean {
    return this.#held > 0
  }

  /** All that is held back. */
  flush(): string {
    const held = [...this.#before.values()].filter(({ isPrinted }) => !isPrinted)
    return held.map((before) => this.#print(before)).join('')
  }

  /** Numbers begin anew. */
  restart(): string {
    const printed = this.flush()
    this.#before.clear()
    this.#last = undefined
    return printed
  }

  #forgetOldest(): string {
    const [[number, before] = []] = this.#before
    if (number === undefined || before === undefined) return ''
    this.#before.delete(number)
    return before.isPrinted ? '' : this.#print(before)
  }

  #print(before: Before): string {
    const { record, text } = before
    if (!before.isPrinted && this.#before.has(record.number ?? 0)) this.#held -= 1
    before.isPrinted = true
    this.#last = record.number
    const failed = record.failure === undefined ? '' : this.#failed(record.failure)
    return `${this.#row(record.number, 'before', 'cyan', text)}${failed}`
  }

  #after(record: TappedRecord, text: string): string {
    const { number, failure } = record
    const before = number === undefined ? undefined : this.#before.get(number)
    const first = before === undefined || before.isPrinted ? '' : this.#print(before)
    const shownNumber = number !== undefined && number === this.#last ? undefined : (number ?? '?')
    this.#last = number
    if (record.gone === true)
      return `${first}${this.#row(shownNumber, 'after', 'yellow', '(nothing)')}`
    const isSame = before?.text === text
    const changes = before === undefined ? undefined : changesText(before.record, record)
    const isOldFailure = before !== undefined && before.record.failure?.text === failure?.text
    return [
      first,
      this.#row(shownNumber, 'after', 'green', isSame ? '(the same)' : text),
      changes === undefined ? '' : this.#row(undefined, '', 'dim', this.#paint('dim', changes)),
      failure === undefined || isOldFailure ? '' : this.#failed(failure),
    ].join('')
  }

  #failed({ text, path, label }: NonNullable<TappedRecord['failure']>): string {
    const where = label ?? path
    return this.#row(undefined, 'failed', 'red', `${printable(text)} (${where})`)
  }

  #row(number: number | string | undefined, side: string, style: Style, text: string): string {
    const gutter = String(number ?? '').padStart(NUMBER_WIDTH)
    const name = side.padEnd(SIDE_WIDTH)
    const painted = side === '' ? name : this.#paint(style, name)
    return `${this.#paint('dim', gutter)}  ${painted}${text}\n`
  }
}

function contentText(record: TappedRecord, value: string | undefined): string {
  const { text, data, cut, unprintable } = record
  if (unprintable !== undefined) return `(not printable: ${printable(unprintable)})`
  const whole = value ?? text ?? (data === undefined ? '' : `base64 ${data}`)
  const shown = whole.slice(0, CONTENT_SHOWN_LENGTH_MAX)
  const bytes = cut ?? (shown.length < whole.length ? Buffer.byteLength(whole) : undefined)
  return `${printable(shown)}${bytes === undefined ? '' : `… (${bytes} bytes)`}`
}

/** What would break the line or the terminal is written as JSON writes it. */
function printable(text: string): string {
  return text.replace(/\p{Cc}|[\u2028\u2029]/gu, (character) => {
    if (character === '\t') return character
    const escaped = JSON.stringify(character).slice(1, -1)
    const code = character.codePointAt(0) ?? 0
    return escaped === character ? `\\u${code.toString(16).padStart(4, '0')}` : escaped
  })
}
