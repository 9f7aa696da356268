/** When a record arrived: one read of the log, which a shard's state answers for its first record alone. */
import { peekHeader } from '../log/batch-header.ts'
import type { Log, Position } from '../log/log.ts'

/** Of the batch that holds the position; undefined where it is gone meanwhile, or cannot be read. */
export async function arrivalAt(
  log: Pick<Log, 'open'>,
  position: Position,
): Promise<number | undefined> {
  try {
    await using reader = log.open(position)
    const result = await reader.next(1, 0)
    if (result === undefined) return undefined
    const { buffer, byteOffset, byteLength } = result.bytes
    return peekHeader(Buffer.from(buffer, byteOffset, byteLength), 0).arrivalUs
  } catch {
    return undefined
  }
}
