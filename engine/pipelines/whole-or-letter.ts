/**
 * A record is written whole or as a dead letter, never in part: where some of what it became failed, the letter takes
 * the place of all of it, or putting the letter back would write the rest twice. Pure.
 */
import type { Message } from './message.ts'
import type { Enlisted } from './transaction.ts'

/** One letter for each record that has any, and nothing else of those. */
export function wholeOrLetter(enlisted: readonly Enlisted[]): readonly Enlisted[] {
  if (!enlisted.some(({ deadLetters }) => deadLetters === true)) return enlisted
  const dead = new Set<Message>()
  const letters = enlisted.map((one) => (one.deadLetters === true ? firstOfEach(one, dead) : one))
  return letters
    .map((one) => (one.deadLetters === true ? one : without(one, dead)))
    .filter(({ records }) => records.length > 0)
}

/** Those of records that have no letter yet; `dead` knows of them afterwards. */
function firstOfEach(letters: Enlisted, dead: Set<Message>): Enlisted {
  return filtered(letters, ({ origin }) => {
    const first = !dead.has(origin)
    dead.add(origin)
    return first
  })
}

/** What is left of it without what those messages became. */
export function without(enlisted: Enlisted, origins: ReadonlySet<Message>): Enlisted {
  return filtered(enlisted, ({ origin }) => !origins.has(origin))
}

function filtered(enlisted: Enlisted, keep: (message: Message) => boolean): Enlisted {
  const kept = enlisted.records.map((_, index) => {
    const message = enlisted.messages[index]
    return message === undefined || keep(message)
  })
  return {
    ...enlisted,
    records: enlisted.records.filter((_, index) => kept[index]),
    messages: enlisted.messages.filter((_, index) => kept[index]),
  }
}
