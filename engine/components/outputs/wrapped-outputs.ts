/** The outputs that one output wraps, and what they have in common: they open, close and hear of orders together. */
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { Delivery, HoldOrder, Output } from '../../pipelines/component.ts'

export class WrappedOutputs {
  readonly all: readonly Output[]
  #abandoned = false

  constructor(all: readonly Output[]) {
    this.all = all
  }

  /** Of a list at this path of the config. */
  static async build(
    context: BuildContext,
    configs: readonly unknown[],
    at: readonly (string | number)[],
  ): Promise<WrappedOutputs> {
    const outputs: Output[] = []
    for (const [index, config] of configs.entries()) {
      outputs.push(await context.output(config, [...at, index]))
    }
    return new WrappedOutputs(outputs)
  }

  async connect(signal: AbortSignal): Promise<void> {
    for (const output of this.all) await output.connect(signal)
  }

  relay(order: HoldOrder): void {
    if (order === 'abandon') this.#abandoned = true
    for (const output of this.all) output.relay?.(order)
  }

  /** Whether it stops: what is not delivered is read again, so it has not failed, and is to be done nothing with. */
  ends(delivery: Delivery): boolean {
    return this.#abandoned || delivery.signal.aborted
  }

  /** Each, whatever the others say; the first failure is told. */
  async close(): Promise<void> {
    const closed = await Promise.allSettled(this.all.map((output) => output.close()))
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}
