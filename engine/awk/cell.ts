/** A variable: a value or an array, which the first use decides. */
import { MappingError } from '../bloblang/mapping-error.ts'
import type { AwkValue } from './values.ts'

export class Cell {
  value: AwkValue
  #items: Map<string, AwkValue> | undefined
  /** Whoever was handed to a function before it was either: it becomes the array that the function makes of it. */
  readonly #origin: Cell | undefined

  constructor(value?: AwkValue, origin?: Cell) {
    this.value = value
    this.#origin = origin
  }

  get isArray(): boolean {
    return this.#items !== undefined || this.#origin?.isArray === true
  }

  items(name: string): Map<string, AwkValue> {
    if (this.#items !== undefined) return this.#items
    if (this.value !== undefined) throw new MappingError(`expected ${name} to be an array`)
    this.#items = this.#origin?.items(name) ?? new Map<string, AwkValue>()
    return this.#items
  }
}
