/**
 * Writes a batch to one output again and again, what was not delivered of it, until nothing is left or the patience is
 * at its end. What it waits for shows in the pipeline's state.
 */
import { asHeadgateError, HeadgateError } from '../../error.ts'
import type { Delivery, Output } from '../../pipelines/component.ts'
import type { Batch } from '../../pipelines/message.ts'
import type { Clock } from '../../ports/clock.ts'
import { failureOf, undelivered } from './undelivered.ts'

export interface Patience {
  readonly firstMs: number
  readonly longestMs: number
  /** Tries after the first. */
  readonly retriesMax: number
  readonly elapsedMsMax: number
}

/** As upstream has it. */
export const ENDLESS_PATIENCE: Patience = {
  firstMs: 500,
  longestMs: 3_000,
  retriesMax: Number.POSITIVE_INFINITY,
  elapsedMsMax: Number.POSITIVE_INFINITY,
}

const WAIT_GROWTH = 1.5

export async function writeUntilDelivered(
  output: Output,
  batch: Batch,
  delivery: Delivery,
  { patience, clock }: { readonly patience: Patience; readonly clock: Clock },
): Promise<void> {
  const startedMs = clock.monotonicMs()
  let left = batch
  let waitMs = patience.firstMs
  for (let tries = 0; ; tries++) {
    try {
      await output.write(left, delivery)
      if (tries > 0) delivery.report(undefined)
      return
    } catch (thrown) {
      const error = asHeadgateError(thrown)
      left = undelivered(error, left)
      const overMs = clock.monotonicMs() - startedMs + waitMs
      const over = tries >= patience.retriesMax || overMs > patience.elapsedMsMax
      if (over || delivery.signal.aborted) {
        if (tries > 0) delivery.report(undefined)
        throw failureOf(left, batch, error)
      }
      delivery.report(error)
    }
    await sleep(clock, waitMs, delivery.signal)
    waitMs = Math.min(waitMs * WAIT_GROWTH, patience.longestMs)
  }

  async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    await clock.sleep(ms, signal).catch(() => {
      const error = new HeadgateError('OutputFailed', 'the pipeline is stopping')
      throw failureOf(left, batch, error)
    })
  }
}
