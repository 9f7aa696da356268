import type { Batch } from '../../pipelines/message.ts'

/** In bytes of content. */
export function weightOf(batch: Batch): number {
  let bytes = 0
  for (const message of batch) bytes += message.content().length
  return bytes
}
