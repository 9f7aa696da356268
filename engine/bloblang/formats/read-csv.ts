/**
 * CSV (RFC 4180) as Go's encoding/csv reads it, lazy quotes included: a library's leniency is another one.
 *
 * Empty lines are no rows. A field that begins with a quote ends at a quote before a delimiter or the end of a line, and
 * two quotes in it are one. Lazily, any other quote in it is a quote, and the end of the text ends it.
 */
import { MappingError } from '../mapping-error.ts'

export interface CsvOptions {
  readonly delimiter: string
  readonly lazyQuotes: boolean
}

export function readCsv(text: string, options: CsvOptions): string[][] {
  const reader = new CsvReader(text, options)
  const rows: string[][] = []
  for (;;) {
    const row = reader.row()
    if (row === undefined) return rows
    rows.push(row)
  }
}

class CsvReader {
  readonly #text: string
  readonly #delimiter: string
  readonly #lazy: boolean
  #at = 0

  constructor(text: string, { delimiter, lazyQuotes }: CsvOptions) {
    this.#text = text.replaceAll('\r\n', '\n').replace(/\r$/, '')
    this.#delimiter = delimiter
    this.#lazy = lazyQuotes
  }

  /** The next row, or undefined at the end. */
  row(): string[] | undefined {
    while (this.#text[this.#at] === '\n') this.#at++
    if (this.#at >= this.#text.length) return undefined
    const fields: string[] = []
    do {
      fields.push(this.#text[this.#at] === '"' ? this.#quoted() : this.#bare())
    } while (this.#takeDelimiter())
    if (this.#at < this.#text.length) this.#at++
    return fields
  }

  #takeDelimiter(): boolean {
    const found = this.#text.startsWith(this.#delimiter, this.#at)
    if (found) this.#at += this.#delimiter.length
    return found
  }

  #bare(): string {
    const end = this.#endOfBare()
    const field = this.#text.slice(this.#at, end)
    if (!this.#lazy && field.includes('"')) this.#fail('a quote within a field that is not quoted')
    this.#at = end
    return field
  }

  #endOfBare(): number {
    const delimiter = this.#text.indexOf(this.#delimiter, this.#at)
    const lineBreak = this.#text.indexOf('\n', this.#at)
    const ends = [delimiter, lineBreak].filter((place) => place !== -1)
    return ends.length === 0 ? this.#text.length : Math.min(...ends)
  }

  #quoted(): string {
    let field = ''
    this.#at++
    for (;;) {
      const quote = this.#text.indexOf('"', this.#at)
      if (quote === -1) {
        if (!this.#lazy) this.#fail('a quote that nothing closes')
        field += this.#text.slice(this.#at)
        this.#at = this.#text.length
        return field
      }
      field += this.#text.slice(this.#at, quote)
      this.#at = quote + 1
      if (this.#text[this.#at] === '"') {
        field += '"'
        this.#at++
      } else if (this.#isAtEndOfField()) return field
      else if (this.#lazy) field += '"'
      else this.#fail('a quote that neither ends a field nor is doubled')
    }
  }

  #isAtEndOfField(): boolean {
    return (
      this.#at >= this.#text.length ||
      this.#text[this.#at] === '\n' ||
      this.#text.startsWith(this.#delimiter, this.#at)
    )
  }

  #fail(got: string): never {
    const before = this.#text.slice(0, this.#at)
    const line = before.split('\n').length
    throw new MappingError(`expected CSV, got ${got} in line ${line}`)
  }
}
