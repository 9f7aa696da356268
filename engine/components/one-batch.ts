/** One batch of several, in their order; none when all were filtered. */
import type { Batch } from '../pipelines/message.ts'

export function oneBatch(batches: readonly Batch[]): readonly Batch[] {
  if (batches.length <= 1) return batches
  return [batches.flat()]
}
