/**
 * What becomes of the masks of a posted config. A GET shows `***` where a secret stands; whoever reads a config, edits it
 * and writes it back posts the mask, and means the secret that is stored there.
 */
import { isDeepStrictEqual } from 'node:util'
import { HeadgateError } from '../../engine/error.ts'
import { masked } from '../plan/mask.ts'
import { holdsMask, isSecretName } from '../sets/secret-text.ts'
import type { StreamConfig } from './stored-stream.ts'

/** The posted config with the stored secrets in place of their masks; throws BadRequest where none is stored. */
export function withStoredSecrets(
  posted: StreamConfig,
  stored: StreamConfig | undefined,
): StreamConfig {
  return restored(posted, stored, undefined, []) as StreamConfig
}

function restored(
  posted: unknown,
  stored: unknown,
  field: string | undefined,
  path: readonly string[],
): unknown {
  if (typeof posted === 'string') return restoredText(posted, stored, field, path)
  if (Array.isArray(posted)) {
    const before: readonly unknown[] = Array.isArray(stored) ? stored : []
    return posted.map((item, index) =>
      restored(item, storedItem(posted, index, before, field), field, [...path, String(index)]),
    )
  }
  if (!isObject(posted)) return posted
  const before = isObject(stored) ? new Map(Object.entries(stored)) : new Map<string, unknown>()
  const entries = Object.entries(posted)
  return Object.fromEntries(
    entries.map(([key, item]) => [key, restored(item, before.get(key), key, [...path, key])]),
  )
}

function restoredText(
  posted: string,
  stored: unknown,
  field: string | undefined,
  path: readonly string[],
): unknown {
  if (posted === stored) return posted
  if (typeof stored !== 'object' && masked(stored, field) === posted) return stored
  if (!holdsMask(posted, field !== undefined && isSecretName(field))) return posted
  throw new HeadgateError(
    'BadRequest',
    `field ${path.join('.')}: expected a secret, got its mask, and no such secret is stored there`,
    { hint: 'Write the secret itself, or a variable in its place.' },
  )
}

/**
 * An item that is shown just so is that item, wherever it stands now; one that was edited is the one of its place, as
 * long as the list has kept its length. A secret never moves to an item that it may not belong to.
 */
function storedItem(
  posted: readonly unknown[],
  index: number,
  before: readonly unknown[],
  field: string | undefined,
): unknown {
  const isShown = (item: unknown): boolean => isDeepStrictEqual(masked(item, field), posted[index])
  const keptLength = posted.length === before.length
  if (keptLength && isShown(before[index])) return before[index]
  const [first, ...others] = before.filter(isShown)
  if (first !== undefined)
    return others.every((other) => isDeepStrictEqual(other, first)) ? first : undefined
  const inPlace = masked(before[index], field)
  const hasMoved = posted.some((item) => isDeepStrictEqual(item, inPlace))
  return keptLength && !hasMoved ? before[index] : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
