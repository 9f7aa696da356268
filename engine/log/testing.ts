/** An engine whose files are small, so that tests roll, recycle and checkpoint at every turn. */
import type { EngineSizes } from './disk-engine.ts'

/** Each batch is a segment of its own, so that retention takes what the model takes. */
export const SMALL_SIZES: EngineSizes = {
  journal: { firstFileBytes: 64 * 1024, laterFileBytes: 128 * 1024, filesMax: 4 },
  segmentBytes: 1,
  checkpointBytes: 48 * 1024,
  tailBytes: 16 * 1024,
  reserveBytes: undefined,
}
