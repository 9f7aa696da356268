/**
 * JSON that keeps every number as it is spelt, for documents whose numbers native parsing would change.
 *
 * The numbers that would change are known by their places. In the text for the native parser each is a string that
 * begins with U+0000 and goes on with the number's text; afterwards these strings become the numbers that they hold.
 * A text that has such strings of its own is read with the reviver that hands over sources, which is slower.
 */
import { INT64_MAX, INT64_MIN } from './number.ts'
import { parseJson } from './parse-json.ts'
import type { ChangedNumbers } from './scan-document.ts'
import { setKey } from './set-key.ts'
import { NumberText, type ObjectValue, type Value } from './value.ts'

export function parseExactly(bytes: Buffer, changed: ChangedNumbers): Value {
  const text = bytes.toString()
  if (text.includes(MARK)) return parseWithSources(text)
  const marked = markNumbers(bytes, text, changed)
  const value = marked === undefined ? undefined : parseMarked(marked)
  // What is no JSON is told in its own words.
  if (value === undefined) return parseWithSources(text)
  return restore(value, { count: changed.length / 2 })
}

function parseMarked(marked: string): Value | undefined {
  try {
    return parseJson(marked) as Value
  } catch {
    return undefined
  }
}

const MARK = '\\u0000'

/** Undefined when what stands at a place is no number after all: the text is no JSON. */
function markNumbers(bytes: Buffer, text: string, changed: ChangedNumbers): string | undefined {
  const isAscii = text.length === bytes.length
  let marked = ''
  let from = 0
  for (let index = 0; index < changed.length; index += 2) {
    const start = changed[index] as number
    const end = changed[index + 1] as number
    const number = bytes.toString('latin1', start, end)
    if (!NUMBER.test(number) || isKey(bytes, end)) return undefined
    marked += isAscii ? text.slice(from, start) : bytes.toString('utf8', from, start)
    marked += `"${MARK}${number}"`
    from = end
  }
  return marked + (isAscii ? text.slice(from) : bytes.toString('utf8', from))
}

/** A number cannot be a key, but the string that stands for it could. */
function isKey(bytes: Buffer, end: number): boolean {
  let index = end
  while (WHITE_SPACE.has(bytes[index] ?? 0)) index++
  return bytes[index] === 0x3a
}

const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/

function restore(value: Value, remaining: { count: number }): Value {
  if (typeof value === 'string') {
    if (value.charCodeAt(0) !== 0) return value
    remaining.count--
    return exactNumber(value.slice(1))
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && remaining.count > 0; index++) {
      const item = value[index] as Value
      if (typeof item === 'string' || typeof item === 'object')
        value[index] = restore(item, remaining)
    }
    return value
  }
  for (const key in value as ObjectValue) {
    const member = (value as ObjectValue)[key] as Value
    if (typeof member === 'string') {
      if (member.charCodeAt(0) === 0) setKey(value as ObjectValue, key, restore(member, remaining))
    } else if (typeof member === 'object') restore(member, remaining)
    if (remaining.count === 0) return value
  }
  return value
}

function keepNumber(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value !== 'number' || source === undefined ? value : exactNumber(source)
}

function parseWithSources(text: string): Value {
  return parseJson(text, keepNumber) as Value
}

function exactNumber(source: string): Value {
  const plain = Number(source)
  if (!Object.is(plain, -0) && String(plain) === source) {
    if (Number.isSafeInteger(plain) || !Number.isInteger(plain)) return plain
  }
  if (!WHOLE.test(source) || source === '-0') return new NumberText(source)
  const whole = BigInt(source)
  return whole >= INT64_MIN && whole <= INT64_MAX ? whole : new NumberText(source)
}

/** Longer whole numbers cannot be int64s, and converting them would cost the square of their length. */
const WHOLE = /^-?\d{1,19}$/
