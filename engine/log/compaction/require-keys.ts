/** A compacted stream is about keys: a record without one would be kept for ever, and be nobody's latest. */
import { HeadgateError } from '../../error.ts'
import { RecordCursor } from '../record-cursor.ts'

/** Throws KeyMissing unless every record of the batch has a key; an empty one is a key, too. */
export function requireKeys(batch: Uint8Array, stream: string): void {
  const cursor = new RecordCursor(batch)
  for (let index = 0; cursor.next(); index++) {
    if (cursor.key === undefined) throw keyMissing(stream, `record ${index}`)
  }
}

export function keyMissing(stream: string, what: string): HeadgateError {
  return new HeadgateError(
    'KeyMissing',
    `expected a key in each record for the compacted stream ${stream}, got none in ${what}`,
    { hint: 'Give each record a key, or declare the stream with compaction: none.' },
  )
}
