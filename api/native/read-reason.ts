/** A reason that a person gives with what is decided. */
import { HeadgateError } from '../../engine/error.ts'

export const REASON_CHARACTERS_MAX = 1024

export function readReason(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw new HeadgateError('BadRequest', 'reason: expected a text')
  if (value.length > REASON_CHARACTERS_MAX)
    throw new HeadgateError(
      'BadRequest',
      `reason: expected at most ${REASON_CHARACTERS_MAX} characters, got ${value.length}`,
    )
  return value === '' ? undefined : value
}
