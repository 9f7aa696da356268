/**
 * The metadata of many messages as threads hand it on.
 *
 * Format: messages that follow each other mostly have the same keys, so keys are told once for a run of them (a shape),
 * and values are one flat list in the order of messages and keys. Keys that a message answers for without listing them
 * stand behind those that it lists.
 */
import type { Value } from '../../bloblang/values/value.ts'
import type { MetadataView } from '../message.ts'
import { decodeValue, encodeValue, type WireValue } from './wire-value.ts'

/** Answered for by what reads streams, and listed by nobody. */
const UNLISTED: readonly string[] = ['headgate_incarnation']

interface Shape {
  readonly keys: readonly string[]
  /** How many of them, from the first on, are listed. */
  readonly listed: number
}

export interface WireMetadata {
  readonly shapes: readonly Shape[]
  /** For each message the place of its shape. */
  readonly shapeOf: Uint32Array
  readonly values: readonly WireValue[]
}

/** Undefined where no message has any. */
export function encodeMetadata(
  views: readonly (MetadataView | undefined)[],
): WireMetadata | undefined {
  const shapes: Shape[] = []
  const shapeOf = new Uint32Array(views.length)
  const values: WireValue[] = []
  let last: Shape | undefined
  for (let index = 0; index < views.length; index++) {
    const shape = shapeOfView(views[index], last)
    if (shape !== last) {
      shapes.push(shape)
      last = shape
    }
    shapeOf[index] = shapes.length - 1
    const view = views[index]
    for (const key of shape.keys) values.push(encodeValue(view?.get(key) ?? null))
  }
  return shapes.some(({ keys }) => keys.length > 0) ? { shapes, shapeOf, values } : undefined
}

function shapeOfView(view: MetadataView | undefined, last: Shape | undefined): Shape {
  const keys = view === undefined ? [] : [...view.keys()]
  const listed = keys.length
  for (const key of UNLISTED) {
    if (view !== undefined && !keys.includes(key) && view.get(key) !== undefined) keys.push(key)
  }
  const isSame =
    last !== undefined &&
    last.listed === listed &&
    last.keys.length === keys.length &&
    last.keys.every((key, at) => key === keys[at])
  return isSame ? last : { keys, listed }
}

/** One view for each message. */
export function decodeMetadata({ shapes, shapeOf, values }: WireMetadata): readonly MetadataView[] {
  let first = 0
  return Array.from(shapeOf, (place) => {
    const shape = shapes[place] ?? NO_KEYS
    const view = new ShapedMetadata(shape, values, first)
    first += shape.keys.length
    return view
  })
}

const NO_KEYS: Shape = { keys: [], listed: 0 }

class ShapedMetadata implements MetadataView {
  readonly #shape: Shape
  readonly #values: readonly WireValue[]
  readonly #first: number

  constructor(shape: Shape, values: readonly WireValue[], first: number) {
    this.#shape = shape
    this.#values = values
    this.#first = first
  }

  get(key: string): Value | undefined {
    const place = this.#shape.keys.indexOf(key)
    return place < 0 ? undefined : decodeValue(this.#values[this.#first + place] ?? null)
  }

  keys(): Iterable<string> {
    const { keys, listed } = this.#shape
    return keys.length === listed ? keys : keys.slice(0, listed)
  }
}
