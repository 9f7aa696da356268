/**
 * Carries batches from `inproc` outputs to `inproc` inputs of one process, by an id of their namespace.
 *
 * Nothing is stored: an offer is taken by whoever reads next, in order, and the output waits until that pipeline has
 * settled it. Who offers may take the offer back as long as nobody took it.
 */

import type { Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import type { Batch } from '../pipelines/message.ts'
import type { Outcome } from '../pipelines/transaction.ts'
import { Wake } from '../pipelines/wake.ts'

export interface Offer {
  readonly messages: Batch
  readonly settle: (outcome: Outcome) => void
}

export class InprocChannel {
  readonly #offers: Offer[] = []
  readonly #readers = new Set<Wake>()

  /** Resolves with what became of the messages; rejects when it is taken back. */
  offer(messages: Batch, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const offer: Offer = {
        messages,
        settle: (outcome) => {
          signal.removeEventListener('abort', takeBack)
          resolve(outcome)
        },
      }
      const takeBack = (): void => {
        const index = this.#offers.indexOf(offer)
        if (index >= 0) this.#offers.splice(index, 1)
        reject(new HeadgateError('OutputFailed', 'the pipeline is stopping'))
      }
      if (signal.aborted) return takeBack()
      signal.addEventListener('abort', takeBack, { once: true })
      this.#offers.push(offer)
      for (const reader of this.#readers) reader.ring()
    })
  }

  take(): Offer | undefined {
    return this.#offers.shift()
  }

  /** The next one; undefined once the signal aborts. */
  async wait(signal: AbortSignal): Promise<Offer | undefined> {
    const wake = new Wake()
    const ring = (): void => wake.ring()
    this.#readers.add(wake)
    signal.addEventListener('abort', ring)
    try {
      while (!signal.aborted) {
        const offer = this.take()
        if (offer !== undefined) return offer
        await wake.wait()
      }
      return undefined
    } finally {
      this.#readers.delete(wake)
      signal.removeEventListener('abort', ring)
    }
  }
}

/** One engine, one process: pipelines that share an engine share its channels. */
const channels = new WeakMap<Engine, Map<string, InprocChannel>>()

export function inprocChannel(engine: Engine, namespace: string, id: string): InprocChannel {
  const known = channels.get(engine) ?? new Map<string, InprocChannel>()
  channels.set(engine, known)
  const key = `${namespace}/${id}`
  const channel = known.get(key) ?? new InprocChannel()
  known.set(key, channel)
  return channel
}
