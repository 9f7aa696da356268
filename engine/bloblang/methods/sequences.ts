/** Methods that strings, bytes and arrays share. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { deepEqual } from '../values/equality.ts'
import { decodeText, expectText, isArray, isObject, mismatch } from '../values/kind-of.ts'
import { valueText } from '../values/value-text.ts'

const shared = { category: 'objects and arrays', status: 'stable' } as const

export const sequenceMethods: readonly MethodDefinition[] = [
  {
    name: 'length',
    ...shared,
    description: 'The number of elements or keys; of a string the number of bytes.',
    parameters: [],
    examples: [
      { mapping: 'root = "dünn".length()', output: '5' },
      {
        mapping: 'root = [this.a.length(), this.b.length()]',
        input: '{"a":[1,2],"b":{"c":1}}',
        output: '[2,1]',
      },
    ],
    build: () => (target) => {
      if (typeof target === 'string') return Buffer.byteLength(target)
      if (target instanceof Uint8Array || isArray(target)) return target.length
      if (isObject(target)) return Object.keys(target).length
      throw mismatch('string, array or object', target)
    },
  },
  {
    name: 'slice',
    ...shared,
    description:
      'From one place to before another; negative places count from the end. Strings are counted in bytes.',
    parameters: [
      { name: 'low', type: 'integer', description: 'The first place.' },
      { name: 'high', type: 'integer', description: 'The place to stop before.', optional: true },
    ],
    examples: [
      { mapping: 'root = "straw".slice(2, -1)', output: 'ra' },
      { mapping: 'root = [1,2,3].slice(1)', output: '[2,3]' },
      { mapping: 'root = [1].slice(5, 2)', output: '[]' },
    ],
    build: (site) => {
      const low = site.integer('low')
      const high = site.given('high') ? site.integer('high') : undefined
      return (target, frame) => {
        const from = low(frame)
        const to = high?.(frame)
        if (typeof target === 'string') return sliceText(target, from, to)
        if (target instanceof Uint8Array) return target.subarray(from, to)
        if (isArray(target)) return target.slice(from, to)
        throw mismatch('string or array', target)
      }
    },
  },
  {
    name: 'contains',
    ...shared,
    description:
      'Whether an array has the value as an element, an object as a value of a key, or a string as a part.',
    parameters: [{ name: 'value', type: 'any', description: 'The value to look for.' }],
    examples: [
      { mapping: 'root = this.has.contains(5)', input: '{"has":[1,5.0]}', output: 'true' },
      { mapping: 'root = "item 5".contains(5)', output: 'true' },
    ],
    build: (site) => {
      const value = site.any('value')
      return (target, frame) => {
        const wanted = value(frame)
        if (isArray(target)) return target.some((item) => deepEqual(item, wanted))
        if (isObject(target)) return Object.values(target).some((item) => deepEqual(item, wanted))
        return expectText(target).includes(valueText(wanted))
      }
    },
  },
  {
    name: 'index',
    ...shared,
    description: 'The element at a place of an array or bytes; negative places count from the end.',
    parameters: [{ name: 'index', type: 'integer', description: 'The place, from 0.' }],
    examples: [
      { mapping: 'root = [1,2,3].index(-1)', output: '3' },
      { mapping: 'root = [1].index(9)', error: "index '9' was out of bounds for array size 1" },
    ],
    build: (site) => {
      const index = site.integer('index')
      return (target, frame) => {
        if (!isArray(target) && !(target instanceof Uint8Array)) throw mismatch('array', target)
        const element = target.at(index(frame))
        if (element !== undefined) return element
        throw new MappingError(
          `index '${index(frame)}' was out of bounds for array size ${target.length}`,
        )
      }
    },
  },
]

/** By bytes; where these are the characters too, the text is cut without making them. */
function sliceText(text: string, from: number, to: number | undefined): string {
  if (from >= 0 && to !== undefined && isAscii(text, to))
    return text.slice(from, Math.max(from, to))
  return decodeText(Buffer.from(text).subarray(from, to))
}

const ASCII_LOOKED_AT_MAX = 64

/** Whether bytes and characters are the same up to there, for the few that are looked at. */
function isAscii(text: string, end: number): boolean {
  if (end < 0 || end > ASCII_LOOKED_AT_MAX) return false
  const length = Math.min(end, text.length)
  for (let index = 0; index < length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}
