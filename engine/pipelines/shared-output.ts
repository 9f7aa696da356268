/** One user of an output that pipelines share. What it holds back for a fuller batch it holds for all of them. */
import type { Delivery, HoldOrder, Output } from './component.ts'
import type { Batch } from './message.ts'
import type { SharedSlot } from './shared-slot.ts'
import { unlessAborted } from './unless-aborted.ts'

export class SharedOutput implements Output {
  readonly #slot: SharedSlot<Output>
  #isOpen = false
  #draining = false

  constructor(slot: SharedSlot<Output>) {
    this.#slot = slot
  }

  async connect(): Promise<void> {
    if (this.#isOpen) return
    await this.#slot.open()
    this.#isOpen = true
  }

  /** A user that is closed by force does not wait for what the others' output still tries. */
  async write(batch: Batch, delivery: Delivery): Promise<void> {
    const held = await this.#slot.held()
    held.begin()
    const written = Promise.resolve(held.value.write(batch, delivery)).finally(() => held.end())
    if (this.#draining) held.value.relay?.('flush')
    await unlessAborted(written, delivery.signal)
  }

  /** Only what is held back goes now: the others may hold back again. */
  relay(order: HoldOrder): void {
    if (order === 'drain') this.#draining = true
    if (order === 'abandon' || !this.#isOpen) return
    void this.#slot.held().then(
      (held) => held.value.relay?.('flush'),
      () => undefined,
    )
  }

  async close(): Promise<void> {
    if (this.#isOpen) this.#slot.release()
    this.#isOpen = false
  }
}
