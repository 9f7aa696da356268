/**
 * Puts what became of parts of a batch back into the order of the batch.
 *
 * A message is known by its origin; several of one origin keep their order. What has an origin of its own stands where
 * the first message of its part stood.
 */
import type { Batch, Message } from '../pipelines/message.ts'

export interface Placed {
  readonly message: Message
  readonly place: number
}

export interface Part {
  /** Where the messages of the part stood. */
  readonly places: readonly number[]
  readonly given: Batch
  readonly made: readonly Batch[]
}

export function inOldOrder(parts: readonly Part[]): readonly Batch[] {
  const placed: Placed[] = []
  for (const part of parts) placed.push(...placedOf(part))
  placed.sort((one, other) => one.place - other.place)
  return placed.length === 0 ? [] : [placed.map(({ message }) => message)]
}

/** Where what became of a part stands. */
export function placedOf({ places, given, made }: Part): readonly Placed[] {
  const byOrigin = new Map<Message, number[]>()
  given.forEach((message, index) => {
    const known = byOrigin.get(message.origin)
    const place = places[index] ?? 0
    if (known === undefined) byOrigin.set(message.origin, [place])
    else known.push(place)
  })
  return made.flat().map((message) => {
    const left = byOrigin.get(message.origin)
    // The last place is kept: a message that became several stands there with all of them.
    const place = left === undefined ? places[0] : left.length > 1 ? left.shift() : left[0]
    return { place: place ?? 0, message }
  })
}
