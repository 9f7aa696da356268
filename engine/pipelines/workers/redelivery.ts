/**
 * Sees a batch through workers that may die of it.
 *
 * A batch that a worker died at is run again, whole. One that kills again is parted in halves, and those again, until
 * only single messages are left that kill a worker each time: they fail with the reason, and all others go through. A
 * batch costs a bounded number of workers: what is not told apart by then fails together.
 */
import type { Batch, Message } from '../message.ts'

/** How often a batch, or a message alone, may end a worker before it is held to be the cause. */
export const DEATHS_TO_BLAME = 2
/** How many workers one batch may cost; a worker takes a tenth of a second to start. */
export const DEATHS_OF_BATCH_MAX = 64

export type Outcome =
  | {
      readonly kind: 'answered'
      /** Called once, or never: an answer that is not taken counts for nothing. */
      readonly take: () => readonly Batch[]
    }
  | { readonly kind: 'suspect'; readonly reason: string; readonly step: number }
  /** There are no workers: the chain has to run elsewhere. */
  | { readonly kind: 'unable' }

export type Attempt = (batch: Batch) => Promise<Outcome>

/** What became of some messages that follow each other. */
export type Part =
  | {
      readonly kind: 'answered'
      readonly given: Batch
      readonly take: () => readonly Batch[]
    }
  | {
      readonly kind: 'poison'
      readonly given: Batch
      readonly reason: string
      readonly step: number
    }
  /** To be run where no worker is. */
  | { readonly kind: 'unable'; readonly given: Batch }

/** The parts of the batch, in its order; one where nothing went wrong. */
export async function redeliver(batch: Batch, attempt: Attempt): Promise<readonly Part[]> {
  return new Redelivery(attempt).whole(batch)
}

class Redelivery {
  readonly #attempt: Attempt
  #deaths = 0

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  async whole(batch: Batch): Promise<readonly Part[]> {
    const last = await this.#upTo(DEATHS_TO_BLAME, batch)
    return last.kind === 'poison' && batch.length > 1 ? this.#halves(batch) : [last]
  }

  async #part(given: Batch): Promise<readonly Part[]> {
    const isSingle = given.length === 1
    const last = await this.#upTo(isSingle ? DEATHS_TO_BLAME : 1, given)
    const canPart = !isSingle && this.#deaths < DEATHS_OF_BATCH_MAX
    return last.kind === 'poison' && canPart ? this.#halves(given) : [last]
  }

  async #halves(batch: Batch): Promise<readonly Part[]> {
    const middle = Math.ceil(batch.length / 2)
    const first = await this.#part(batch.slice(0, middle))
    const second = await this.#part(batch.slice(middle))
    return [...first, ...second]
  }

  /** Until it was answered, or ended so many workers. */
  async #upTo(deathsMax: number, given: Batch): Promise<Part> {
    for (let deaths = 1; ; deaths++) {
      const outcome = await this.#attempt(given)
      if (outcome.kind !== 'suspect') return { ...outcome, given }
      this.#deaths += 1
      const { reason, step } = outcome
      if (deaths >= deathsMax || this.#deaths >= DEATHS_OF_BATCH_MAX) {
        return { kind: 'poison', given, reason, step }
      }
    }
  }
}

/** The messages of a batch that did not kill anybody. */
export function survivorsOf(parts: readonly Part[]): readonly Message[] {
  return parts.flatMap((part) => (part.kind === 'poison' ? [] : part.given))
}
