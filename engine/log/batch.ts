/**
 * A batch: records as one buffer, a fixed header that the log stamps and a body that its encoder summed once. The
 * same bytes travel through runtime, workers, engine and file. Layouts: `batch-header.ts` and `batch-encoder.ts`.
 */
export { BATCH_BODY_BYTES_MAX, BatchEncoder, encodeBatch } from './batch-encoder.ts'
export {
  BATCH_HEADER_BYTES,
  readHeader,
  stampHeader,
  verifyBody,
} from './batch-header.ts'
export { decodeRecords, RecordCursor } from './record-cursor.ts'
