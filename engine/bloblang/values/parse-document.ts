/**
 * One JSON document from bytes.
 *
 * Native parsing is used wherever it loses nothing. A scan over the bytes finds numbers that it would change, and only
 * documents with one take the exact parser.
 */
import { MappingError } from '../mapping-error.ts'
import { DOCUMENT_DEPTH_MAX } from './document-depth.ts'
import { parseExactly } from './parse-exactly.ts'
import { parseJson } from './parse-json.ts'
import { scanDocument } from './scan-document.ts'
import type { Value } from './value.ts'

export { DOCUMENT_DEPTH_MAX } from './document-depth.ts'

export function parseDocument(bytes: Uint8Array): Value {
  const changed = scanDocument(bytes)
  if (changed === undefined) {
    throw new MappingError(`the document is nested more than ${DOCUMENT_DEPTH_MAX} levels deep`)
  }
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    return changed.length === 0
      ? (parseJson(buffer.toString()) as Value)
      : parseExactly(buffer, changed)
  } catch (thrown) {
    throw explain(thrown, buffer.toString())
  }
}

/** The same for text that is already decoded. */
export function parseDocumentText(text: string): Value {
  return parseDocument(Buffer.from(text))
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
