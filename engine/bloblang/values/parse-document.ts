/**
 * One JSON document from bytes.
 *
 * Native parsing is used wherever it loses nothing. A scan over the bytes finds numbers that it would change (more
 * than fifteen digits, `1.0`, exponents), and only documents with one take the exact parser.
 */
import { MappingError } from '../mapping-error.ts'
import { parseExactly } from './parse-exactly.ts'
import type { Value } from './value.ts'

/** Deeper documents are refused: everything that reads values recurses. */
export const DOCUMENT_DEPTH_MAX = 1_000

export function parseDocument(bytes: Uint8Array): Value {
  const verdict = scan(bytes)
  if (verdict === 'too deep') {
    throw new MappingError(`the document is nested more than ${DOCUMENT_DEPTH_MAX} levels deep`)
  }
  const text = decode(bytes)
  try {
    return verdict === 'exact' ? parseExactly(text) : (JSON.parse(text) as Value)
  } catch (thrown) {
    throw explain(thrown, text)
  }
}

/** The same for text that is already decoded. */
export function parseDocumentText(text: string): Value {
  return parseDocument(Buffer.from(text))
}

function decode(bytes: Uint8Array): string {
  return Buffer.isBuffer(bytes)
    ? bytes.toString('utf8')
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function explain(thrown: unknown, text: string): MappingError {
  if (thrown instanceof MappingError) return thrown
  if (text.trim() === '') return new MappingError('expected a JSON document, got an empty message')
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  const trailing = reason.includes('after JSON')
  return new MappingError(
    trailing
      ? `expected one JSON document, got more after it: ${reason}`
      : `expected a JSON document: ${reason}`,
  )
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

type Verdict = 'native' | 'exact' | 'too deep'

function scan(bytes: Uint8Array): Verdict {
  const length = bytes.length
  let depth = 0
  let exact = false
  let index = 0
  while (index < length) {
    const byte = bytes[index] as number
    if (byte === QUOTE) {
      index = endOfString(bytes, index + 1)
    } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      const end = endOfNumber(bytes, index)
      exact ||= numberChanges(bytes, index, end)
      index = end
    } else {
      if (byte === 0x7b || byte === 0x5b) {
        if (++depth > DOCUMENT_DEPTH_MAX) return 'too deep'
      } else if (byte === 0x7d || byte === 0x5d) depth--
      index++
    }
  }
  return exact ? 'exact' : 'native'
}

function endOfString(bytes: Uint8Array, from: number): number {
  const length = bytes.length
  let index = from
  while (index < length) {
    const byte = bytes[index] as number
    if (byte === QUOTE) return index + 1
    index += byte === BACKSLASH ? 2 : 1
  }
  return length
}

function endOfNumber(bytes: Uint8Array, from: number): number {
  let index = from + 1
  while (index < bytes.length && isNumberByte(bytes[index] as number)) index++
  return index
}

function isNumberByte(byte: number): boolean {
  return (
    (byte >= ZERO && byte <= NINE) ||
    byte === DOT ||
    byte === 0x65 ||
    byte === 0x45 ||
    byte === MINUS ||
    byte === 0x2b
  )
}

/** More digits than a double is sure to keep. */
const DIGITS_SAFE = 15
/** JavaScript writes `0.000001` in full and what is smaller with an exponent. */
const LEADING_ZEROS_SAFE = 6

function numberChanges(bytes: Uint8Array, start: number, end: number): boolean {
  const from = bytes[start] === MINUS ? start + 1 : start
  let dot = -1
  for (let index = from; index < end; index++) {
    const byte = bytes[index] as number
    if (byte === DOT) dot = index
    else if (byte < ZERO || byte > NINE) return true
  }
  if (dot === -1) return end - from > DIGITS_SAFE || (from > start && bytes[from] === ZERO)
  if (end - from - 1 > DIGITS_SAFE || bytes[end - 1] === ZERO) return true
  if (bytes[from] !== ZERO || end - dot <= LEADING_ZEROS_SAFE) return false
  for (let index = dot + 1; index <= dot + LEADING_ZEROS_SAFE; index++) {
    if (bytes[index] !== ZERO) return false
  }
  return true
}
