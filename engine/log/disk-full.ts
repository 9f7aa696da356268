/**
 * Tells a disk that is full from one that fails: the platform says so before it takes a byte, so that nothing has
 * happened, and the same call may be made again once there is room.
 */
import { HeadgateError } from '../error.ts'

/** No space, and no space left of a quota. */
const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'DiskFull'])

export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && FULL_CODES.has(error.code)
}

export function diskFull(cause: unknown): HeadgateError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new HeadgateError(
    'DiskFull',
    `expected room on the data directory's disk, got ${message}`,
    {
      cause,
      hint: 'Make room on the disk; writes go on by themselves, and nothing was changed.',
    },
  )
}
