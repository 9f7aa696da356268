/** Tells what came out of a component by what went in: by origin, and by place where everything kept its own. */
import type { Batch, Message } from './message.ts'

const NONE: readonly number[] = []

/**
 * For each message that came out, in order, the places of those before that it may have been made of: one, several where
 * they share an origin, none where it is made of what nobody knows. Undefined where each is in its place in one batch.
 */
export function parentsOf(
  before: Batch,
  after: readonly Batch[],
): readonly (readonly number[])[] | undefined {
  const [only] = after
  if (after.length === 1 && only !== undefined && areInPlace(before, only)) return undefined
  const out = after.flat()
  const places = new Map<Message, number[]>()
  for (const [at, { origin }] of before.entries()) {
    const known = places.get(origin)
    if (known === undefined) places.set(origin, [at])
    else known.push(at)
  }
  return out.map(({ origin }) => places.get(origin) ?? NONE)
}

function areInPlace(before: Batch, after: Batch): boolean {
  if (before.length !== after.length) return false
  return after.every(({ origin }, at) => origin === before[at]?.origin)
}
