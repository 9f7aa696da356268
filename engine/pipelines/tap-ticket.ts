/** Tickets of batches that somebody looks at before an output: who looks hears what of them was not delivered. */
import type { Batch } from './message.ts'
import type { Ticket } from './output-stage.ts'
import type { TapPoint } from './tap-point.ts'

export function lookedAt(tap: TapPoint, batch: Batch, ticket: Ticket): Ticket {
  const look = tap.look(batch)
  if (look === undefined) return ticket
  return {
    split: (count) => ticket.split(count),
    enlist: (enlisted) => ticket.enlist(enlisted),
    resolve: (outcome) => {
      look.settled(outcome)
      ticket.resolve(outcome)
    },
  }
}

/** Of what a strict pipeline refuses before it is written: that is seen like what failed there. */
export function refusalLookedAt(tap: TapPoint, batch: Batch, ticket: Ticket): Ticket {
  const failed = batch.filter((message) => message.failure() !== undefined)
  return failed.length === 0 ? ticket : lookedAt(tap, failed, ticket)
}
