/** For an output of a strict pipeline: parts a batch in what may be written and what failed at a processor. */
import { HeadgateError } from '../error.ts'
import type { Batch } from './message.ts'
import type { Ticket } from './output-stage.ts'
import { mergedOutcome, rejectionOf } from './transaction.ts'

export interface Accepted {
  /** What is left to write; may be empty. */
  readonly batch: Batch
  /** Its holder hears of what was refused together with what follows of the rest. */
  readonly ticket: Ticket
  readonly refused: number
}

export function refuseFailed(batch: Batch, ticket: Ticket): Accepted {
  const failed = batch.filter((message) => message.failure() !== undefined)
  const [first] = failed
  if (first === undefined) return { batch, ticket, refused: 0 }
  const why = `rejected, for it failed: ${first.failure()?.text}`
  const rejection = rejectionOf(new HeadgateError('OutputFailed', why), failed)
  return {
    batch: batch.filter((message) => message.failure() === undefined),
    ticket: {
      split: (count) => ticket.split(count),
      resolve: (outcome) => ticket.resolve(mergedOutcome(outcome, rejection)),
      enlist: (enlisted) => ticket.enlist(enlisted),
    },
    refused: failed.length,
  }
}
