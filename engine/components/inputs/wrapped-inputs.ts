/** The inputs that one input wraps, and what they have in common: they open and close together. */
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { Input } from '../../pipelines/component.ts'

export class WrappedInputs {
  readonly all: readonly Input[]

  constructor(all: readonly Input[]) {
    this.all = all
  }

  /** Of a list at this path of the config. */
  static async build(
    context: BuildContext,
    configs: readonly unknown[],
    at: readonly (string | number)[],
  ): Promise<WrappedInputs> {
    const inputs: Input[] = []
    for (const [index, config] of configs.entries()) {
      inputs.push(await context.input(config, [...at, index]))
    }
    return new WrappedInputs(inputs)
  }

  async connect(signal: AbortSignal): Promise<void> {
    for (const input of this.all) await input.connect(signal)
  }

  /** Each, whatever the others say; the first failure is told. */
  async close(): Promise<void> {
    const closed = await Promise.allSettled(this.all.map((input) => input.close()))
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}
