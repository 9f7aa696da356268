/**
 * Native parsing of JSON, but for one thing that the engine gets wrong.
 *
 * V8 guesses the next key of an object from objects that it has seen before, and compares the key as it is written, not
 * as it is meant: where one object had the key `\`, the key `"\n"` of the next may be read as `\` too. So keys that can
 * only be written with an escape are parsed under another name, and get theirs afterwards.
 */
import { setKey } from './set-key.ts'
import type { ObjectValue, Value } from './value.ts'

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown

const BACKSLASH = '\\'
const STRING = /"(?:[^"\\]|\\.)*"/gs
const NEEDS_ESCAPE = /["\\\p{Cc}]/u

/** Throws SyntaxError, with the engine's own words. A reviver sees values and their sources, but not always true keys. */
export function parseJson(text: string, reviver?: Reviver): unknown {
  return hasEscapedKey(text) ? parseRenamed(text, reviver) : parseNatively(text, reviver)
}

function parseNatively(text: string, reviver: Reviver | undefined): unknown {
  return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1])
}

/** Text that is no JSON may be told either way. */
export function hasEscapedKey(text: string): boolean {
  let at = text.indexOf(BACKSLASH)
  while (at >= 0) {
    const end = endOfString(text, at)
    if (end < 0) return false
    if (isKey(text, end)) return true
    at = text.indexOf(BACKSLASH, end)
  }
  return false
}

/** Behind the quote that ends the string; -1 without one. */
function endOfString(text: string, from: number): number {
  let at = from
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return -1
    let escapes = 0
    while (quote - escapes > from && text[quote - escapes - 1] === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return quote + 1
    at = quote + 1
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function parseRenamed(text: string, reviver: Reviver | undefined): unknown {
  // What is no JSON is told in the words for the text as it was given.
  JSON.parse(text)
  const prefix = unusedPrefix(text)
  const names = new Map<string, string>()
  const renamed = text.replace(STRING, (written, offset: number) => {
    if (!written.includes(BACKSLASH) || !isKey(text, offset + written.length)) return written
    const key = JSON.parse(written) as string
    if (!NEEDS_ESCAPE.test(key)) return `"${key}"`
    const name = names.get(key) ?? `${prefix}${names.size}`
    names.set(key, name)
    return `"${name}"`
  })
  const keys = new Map([...names].map(([key, name]) => [name, key]))
  return restored(parseNatively(renamed, reviver) as Value, keys)
}

function isKey(text: string, end: number): boolean {
  let next = end
  while (isSpace(text.charCodeAt(next))) next += 1
  return text[next] === ':'
}

/** Of letters that no key of the text begins with. */
function unusedPrefix(text: string): string {
  let prefix = 'k'
  while (text.includes(`"${prefix}`)) prefix += 'k'
  return prefix
}

function restored(value: Value, keys: ReadonlyMap<string, string>): Value {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => restored(item, keys))
  // What a reviver made of a number is no object of the text.
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  const object: ObjectValue = {}
  for (const [name, member] of Object.entries(value as ObjectValue)) {
    setKey(object, keys.get(name) ?? name, restored(member, keys))
  }
  return object
}
