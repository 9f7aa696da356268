/**
 * Hands batches to clients that fetch them: each batch to one client, in order, and to another one when the first went
 * away before it had all of it.
 */
import { HeadgateError } from '../../error.ts'
import type { Batch } from '../../pipelines/message.ts'

interface Offer {
  readonly batch: Batch
  /** Whoever offered it does not wait any more. */
  over: boolean
  readonly delivered: () => void
  readonly failed: (error: HeadgateError) => void
}

/** A batch that a client is being given. Exactly one of the two is to be called. */
export interface Taken {
  readonly batch: Batch
  done(): void
  putBack(): void
}

type Taker = (taken: Taken | undefined) => void

export class Handover {
  readonly #offers: Offer[] = []
  readonly #takers = new Set<Taker>()
  #closed = false

  /** Resolves once a client has the batch; rejects when it is closed, or the signal aborts, before. */
  offer(batch: Batch, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#closed) return Promise.reject(closedError())
    return new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        offer.over = true
        const at = this.#offers.indexOf(offer)
        if (at >= 0) this.#offers.splice(at, 1)
        reject(signal.reason)
      }
      const offer: Offer = {
        batch,
        over: false,
        delivered: () => {
          signal.removeEventListener('abort', abort)
          resolve()
        },
        failed: reject,
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#offers.push(offer)
      this.#match()
    })
  }

  /** The next batch, once there is one; undefined when it is closed before, or the taker gives up. */
  take(signal: AbortSignal): Promise<Taken | undefined> {
    if (this.#closed || signal.aborted) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#takers.delete(taker)
        resolve(undefined)
      }
      const taker: Taker = (taken) => {
        signal.removeEventListener('abort', giveUp)
        resolve(taken)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#takers.add(taker)
      this.#match()
    })
  }

  /** Whoever waits gets nothing, and what nobody took is not delivered. */
  close(): void {
    this.#closed = true
    for (const taker of this.#takers) taker(undefined)
    this.#takers.clear()
    for (const { failed } of this.#offers.splice(0)) failed(closedError())
  }

  #match(): void {
    for (const taker of this.#takers) {
      const offer = this.#offers.shift()
      if (offer === undefined) return
      this.#takers.delete(taker)
      taker({
        batch: offer.batch,
        done: offer.delivered,
        putBack: () => {
          if (this.#closed) offer.failed(closedError())
          else if (!offer.over) this.#offers.unshift(offer)
          this.#match()
        },
      })
    }
  }
}

function closedError(): HeadgateError {
  return new HeadgateError('OutputFailed', 'the output was closed before a client took the message')
}
