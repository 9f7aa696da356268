/**
 * The order in which an object has its keys, known from objects before it.
 *
 * Documents of a stream repeat their keys in the same order. The orders that were seen are a tree with a key at each
 * step, so that walking an object's keys ends at what is known of them: whether they are sorted, and how they are when
 * they are. Going on with the key that came last time is one comparison of pointers.
 */
import { compareText } from './equality.ts'
import { reorderCode } from './object-code.ts'
import { setKey } from './set-key.ts'
import type { ObjectValue } from './value.ts'

/** Streams repeat their keys; a stream of ever new keys must not fill the memory. */
export const KEY_ORDERS_MAX = 20_000
const KEY_LENGTH_MAX = 100

/** Neither surrogates, whose order is not that of their code units, nor what JSON would escape otherwise. */
const HAS_SPECIAL = /[\ud800-\udfff\u2028\u2029]/

export class KeyOrder {
  readonly #before: KeyOrder | undefined
  readonly #key: string
  /** Sorted already, and the native serialiser writes the keys as we would. */
  readonly isSorted: boolean
  readonly #isPlain: boolean
  /** The keys of which this is the order, without the last. */
  #nextKey: string | undefined
  #next: KeyOrder | undefined
  #others: Map<string, KeyOrder> | undefined
  #sorted: readonly string[] | undefined
  #template: ObjectValue | undefined
  #uses = 0
  #reorder: ((from: Readonly<Record<string, unknown>>) => ObjectValue) | undefined

  constructor(before: KeyOrder | undefined, key: string) {
    this.#before = before
    this.#key = key
    this.#isPlain = before === undefined || (before.#isPlain && !HAS_SPECIAL.test(key))
    this.isSorted =
      before === undefined ||
      (this.#isPlain && before.isSorted && (before.#before === undefined || before.#key < key))
  }

  /** The order that goes on with this key; undefined when too many orders are known already. */
  after(key: string): KeyOrder | undefined {
    if (this.#nextKey === key) return this.#next
    return this.#others?.get(key) ?? this.#grow(key)
  }

  #grow(key: string): KeyOrder | undefined {
    if (known >= KEY_ORDERS_MAX || key.length > KEY_LENGTH_MAX) return undefined
    known++
    const next = new KeyOrder(this, key)
    if (this.#next === undefined) {
      this.#nextKey = key
      this.#next = next
    } else {
      this.#others ??= new Map()
      this.#others.set(key, next)
    }
    return next
  }

  /** The keys as they are sorted. */
  get sorted(): readonly string[] {
    this.#sorted ??= this.#keys().sort(compareText)
    return this.#sorted
  }

  /** An object of this order with its keys sorted; undefined where no object can have them so. */
  arrange(from: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
    if (this.#reorder !== undefined) return this.#reorder(from)
    const template = this.#sortedTemplate
    if (template === undefined) return undefined
    if (++this.#uses === GENERATE_AFTER_USES && generated < GENERATED_MAX) {
      generated++
      this.#reorder = reorderCode(this.sorted)
    }
    const sorted: Record<string, unknown> = { ...template }
    for (const key in from) sorted[key] = from[key]
    return sorted
  }

  /**
   * An object that has the keys in their sorted order, to be copied and filled. Undefined where no object has: keys
   * that look like indexes come first in any object.
   */
  get #sortedTemplate(): ObjectValue | undefined {
    if (!this.#isPlain) return undefined
    this.#template ??= templateOf(this.sorted)
    return this.#template === UNSORTABLE ? undefined : this.#template
  }

  #keys(): string[] {
    const keys: string[] = []
    let order: KeyOrder = this
    while (order.#before !== undefined) {
      keys.push(order.#key)
      order = order.#before
    }
    return keys
  }
}

/** Orders that come often get code of their own, and only so many. */
const GENERATE_AFTER_USES = 100
const GENERATED_MAX = 1_000
let generated = 0

let known = 0
export const NO_KEYS: KeyOrder = new KeyOrder(undefined, '')

/** Undefined when too many orders are known already. */
export function keyOrderOf(value: ObjectValue): KeyOrder | undefined {
  let order: KeyOrder | undefined = NO_KEYS
  for (const key in value) {
    order = order.after(key)
    if (order === undefined) return undefined
  }
  return order
}

const UNSORTABLE: ObjectValue = {}

/** `UNSORTABLE` when an object cannot have the keys in this order. */
function templateOf(keys: readonly string[]): ObjectValue {
  const template = objectWithKeys(keys)
  const has = Object.keys(template)
  return has.every((key, index) => key === keys[index]) ? template : UNSORTABLE
}

/** An object to copy and fill: filling a copy is faster than adding keys one by one. */
export function objectWithKeys(keys: readonly string[]): ObjectValue {
  const template: ObjectValue = {}
  for (const key of keys) setKey(template, key, null)
  return template
}

/** The keys of an object as they are sorted, in an array of the caller's own. */
export function sortedKeys(value: ObjectValue): string[] {
  const order = keyOrderOf(value)
  return order === undefined ? Object.keys(value).sort(compareText) : [...order.sorted]
}
