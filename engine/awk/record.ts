/** The record and its fields, parted when somebody asks, and joined again when one was assigned. */
import { MappingError } from '../bloblang/mapping-error.ts'
import { type AwkValue, fromInput } from './values.ts'

/** A record has no more fields than this by assignment. */
export const FIELDS_MAX = 100_000

export class CurrentRecord {
  #text = ''
  #fields: AwkValue[] | undefined
  /** Whether the text is older than the fields. */
  #stale = false
  readonly #split: (text: string) => readonly string[]
  readonly #join: (fields: readonly AwkValue[]) => string

  constructor(
    split: (text: string) => readonly string[],
    join: (fields: readonly AwkValue[]) => string,
  ) {
    this.#split = split
    this.#join = join
  }

  set(text: string): void {
    this.#text = text
    this.#fields = undefined
    this.#stale = false
  }

  text(): string {
    if (this.#stale) {
      this.#text = this.#join(this.#fields ?? [])
      this.#stale = false
    }
    return this.#text
  }

  count(): number {
    return this.#parted().length
  }

  field(index: number): AwkValue {
    return index === 0 ? fromInput(this.text()) : this.#parted()[index - 1]
  }

  setField(index: number, value: AwkValue): void {
    this.#expectIndex(index)
    const fields = this.#parted()
    while (fields.length < index) fields.push('')
    fields[index - 1] = value
    this.#stale = true
  }

  setCount(count: number): void {
    this.#expectIndex(count)
    const fields = this.#parted()
    while (fields.length < count) fields.push('')
    fields.length = count
    this.#stale = true
  }

  /** With the separator of now: the next one is for the next record. */
  part(): void {
    this.#parted()
  }

  #parted(): AwkValue[] {
    this.#fields ??= this.#split(this.#text).map(fromInput)
    return this.#fields
  }

  #expectIndex(index: number): void {
    if (index >= 0 && index <= FIELDS_MAX) return
    throw new MappingError(`expected a field from 0 to ${FIELDS_MAX}, got ${index}`)
  }
}
