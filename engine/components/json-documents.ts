/** JSON documents one behind the other, with any white space between them or none. */
import { HeadgateError } from '../error.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c

export function documentsIn<T>(
  bytes: Uint8Array,
  parse: (document: Uint8Array) => T,
): readonly T[] {
  const documents: T[] = []
  for (let from = skipSpace(bytes, 0); from < bytes.length; ) {
    const end = endOfDocument(bytes, from)
    documents.push(parse(bytes.subarray(from, end)))
    from = skipSpace(bytes, end)
  }
  return documents
}

function endOfDocument(bytes: Uint8Array, from: number): number {
  const first = bytes[from]
  if (first === QUOTE) return endOfText(bytes, from)
  if (!opens(first)) return endOfWord(bytes, from)
  let depth = 0
  for (let at = from; at < bytes.length; ) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = endOfText(bytes, at)
      continue
    }
    at += 1
    if (opens(byte)) depth += 1
    else if (closes(byte)) depth -= 1
    if (depth === 0) return at
  }
  throw new HeadgateError('BadRequest', `expected the end of the JSON document at byte ${from}`)
}

function endOfText(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at += 1
    else if (bytes[at] === QUOTE) return at + 1
  }
  throw new HeadgateError('BadRequest', `expected the end of the text at byte ${from}`)
}

function endOfWord(bytes: Uint8Array, from: number): number {
  let at = from + 1
  while (at < bytes.length && !isSpace(bytes[at]) && !opens(bytes[at]) && bytes[at] !== QUOTE)
    at += 1
  return at
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && isSpace(bytes[at])) at += 1
  return at
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const opens = (byte: number | undefined): boolean => byte === 0x7b || byte === 0x5b
const closes = (byte: number | undefined): boolean => byte === 0x7d || byte === 0x5d
