/**
 * What of a document's bytes matters before the native parser may have them: numbers that it would change (more than
 * fifteen digits, `1.0`, exponents) and nesting that is too deep.
 */
import { DOCUMENT_DEPTH_MAX } from './document-depth.ts'
import { scanModule } from './scan-module.ts'

/** Begin and end of each number that native parsing would change, one after the other. */
export type ChangedNumbers = ArrayLike<number>

export const NONE_CHANGE: ChangedNumbers = []

/** Undefined when the document nests too deep. */
export function scanDocument(bytes: Uint8Array): ChangedNumbers | undefined {
  if (bytes.length > SCANNER_BYTES_MAX) return scanSlowly(bytes)
  scanner ??= startScanner()
  const count = scanner.scan(bytes)
  if (count === 0) return NONE_CHANGE
  // Brackets are counted by blocks, so that a depth near the limit has to be looked at again.
  return count < 0 ? scanSlowly(bytes) : scanner.found(count, bytes.length)
}

/** Larger documents would only make the module's memory large for ever. */
const SCANNER_BYTES_MAX = 4 * 1_048_576
const BLOCK_BYTES = 64
const PAGE_BYTES = 65_536

/** As much of it as is used here: it belongs to the library of browsers, which is not ours. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

interface ScannerExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  scan(length: number, found: number): number
}

interface Scanner {
  scan(bytes: Uint8Array): number
  found(count: number, length: number): ChangedNumbers
}

let scanner: Scanner | undefined

function startScanner(): Scanner {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(scanModule()))
  const { memory, scan } = exports as ScannerExports
  let view = new Uint8Array(memory.buffer)
  return {
    scan: (bytes) => {
      const { length } = bytes
      // A number that changes has at least three bytes and needs eight.
      const wanted = foundAt(length) + 4 * length
      if (wanted > view.length) {
        memory.grow(Math.ceil((wanted - view.length) / PAGE_BYTES))
        view = new Uint8Array(memory.buffer)
      }
      view.set(bytes)
      return scan(length, foundAt(length))
    },
    found: (count, length) => new Int32Array(memory.buffer, foundAt(length), 2 * count).slice(),
  }
}

/** Behind the document and the zeros that end it. */
function foundAt(length: number): number {
  return (length + 2 * BLOCK_BYTES) & -BLOCK_BYTES
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/** The same in JavaScript, byte by byte and exact to the last level. */
export function scanSlowly(bytes: Uint8Array): ChangedNumbers | undefined {
  const changed: number[] = []
  const length = bytes.length
  let depth = 0
  let index = 0
  while (index < length) {
    const byte = bytes[index] as number
    if (byte === QUOTE) {
      index = endOfString(bytes, index + 1)
    } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      const end = endOfNumber(bytes, index)
      if (numberChanges(bytes, index, end)) changed.push(index, end)
      index = end
    } else {
      if (byte === 0x7b || byte === 0x5b) {
        if (++depth > DOCUMENT_DEPTH_MAX) return undefined
      } else if (byte === 0x7d || byte === 0x5d) depth--
      index++
    }
  }
  return changed
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
