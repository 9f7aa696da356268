/**
 * How a value has to be written as JSON, found in one walk that also refuses what cannot be written.
 *
 * Whoever makes a payload asks, so that who made it hears of a failure; the answer goes with the value to whoever
 * writes it, so that nobody walks it twice.
 */
import { MappingError } from '../mapping-error.ts'
import { type KeyOrder, NO_KEYS } from './key-order.ts'
import { IntegralFloat, NumberText, type ObjectValue, Timestamp, type Value } from './value.ts'

/** The larger one wins where parts of a value differ. */
export type PayloadForm = typeof NATIVE | typeof COPIED | typeof EXACT
/** The native serialiser writes it just as we would. */
export const NATIVE = 0
/** The native serialiser writes a copy with sorted keys and plain values as we would. */
export const COPIED = 1
/** Only our own serialiser can. */
export const EXACT = 2

/** Deeper values are refused: whoever reads the result would have to recurse as deep. */
export const ENCODE_DEPTH_MAX = 1_000

/**
 * A payload has at most so many characters, keys, numbers and brackets together. A mapping can make a value that holds
 * the same part many times over and takes no memory until it is written.
 */
export const PAYLOAD_SIZE_MAX = 67_108_864

let size = 0

export function payloadForm(value: Value): PayloadForm {
  size = 0
  return formOf(value, 0)
}

function formOf(value: Value, depth: number): PayloadForm {
  switch (typeof value) {
    case 'string':
      return grow(value.length)
    case 'number':
      if (!Number.isFinite(value)) throw refuseNonFinite(value)
      return Object.is(value, -0) ? EXACT : grow(1)
    case 'boolean':
      return grow(1)
    case 'bigint':
      grow(1)
      return COPIED
  }
  if (value === null) return grow(1)
  if (depth > ENCODE_DEPTH_MAX) throw tooDeep()
  if (Array.isArray(value)) return formOfArray(value, depth)
  if (value instanceof IntegralFloat) {
    return formOf(value.value, depth) === EXACT ? EXACT : COPIED
  }
  if (value instanceof NumberText) grow(value.text.length)
  else if (value instanceof Uint8Array) grow(value.length)
  else if (value instanceof Timestamp) grow(1)
  else return formOfObject(value as ObjectValue, depth)
  return COPIED
}

function formOfArray(items: readonly Value[], depth: number): PayloadForm {
  let form: PayloadForm = grow(1 + items.length)
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as Value
    if (typeof item === 'string') {
      grow(item.length)
      continue
    }
    const itemForm = formOf(item, depth + 1)
    if (itemForm > form) form = itemForm
  }
  return form
}

function formOfObject(value: ObjectValue, depth: number): PayloadForm {
  let form: PayloadForm = grow(1)
  let order: KeyOrder | undefined = NO_KEYS
  for (const key in value) {
    size += key.length
    order = order?.after(key)
    const member = value[key] as Value
    if (typeof member === 'string') {
      grow(member.length)
      continue
    }
    const memberForm = formOf(member, depth + 1)
    if (memberForm > form) form = memberForm
  }
  if (order === undefined) return EXACT
  if (order.isSorted || form === EXACT) return form
  return order.template === undefined ? EXACT : COPIED
}

function grow(by: number): typeof NATIVE {
  size += by
  if (size > PAYLOAD_SIZE_MAX) {
    throw new MappingError(`expected a payload of at most ${PAYLOAD_SIZE_MAX} characters and parts`)
  }
  return NATIVE
}

function refuseNonFinite(value: number): MappingError {
  const what = Number.isNaN(value) ? 'NaN' : 'infinite'
  return new MappingError(`a number that is ${what} cannot be written as JSON`)
}

function tooDeep(): MappingError {
  return new MappingError('the document is nested too deeply')
}
