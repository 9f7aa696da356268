/** For tests of inputs that wrap others: an input that gives what it is told to, and remembers what became of it. */

import { OFFLINE, queryOf } from '../../pipelines/bloblang-fields.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { Chain } from '../../pipelines/chain.ts'
import type { Input, InputBatch, InputDefinition } from '../../pipelines/component.ts'
import { conformConfig } from '../../pipelines/config-check.ts'
import { parseConnectDuration } from '../../pipelines/connect-duration.ts'
import { Health } from '../../pipelines/health.ts'
import { Message } from '../../pipelines/message.ts'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'
import { Positions } from '../../pipelines/positions.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import type { Outcome } from '../../pipelines/transaction.ts'
import { Wake } from '../../pipelines/wake.ts'

export class ToldInput implements Input {
  /** Of each batch in the order in which it was given, once it is settled. */
  readonly outcomes: (Outcome | 'open')[] = []
  connects = 0
  closes = 0
  reads = 0
  readonly #queue: InputBatch[] = []
  readonly #wake = new Wake()
  #ended = false

  give(contents: readonly string[], more: Partial<InputBatch> = {}): void {
    const messages = contents.map((content) => Message.fromBytes(Buffer.from(content)))
    const index = this.outcomes.push('open') - 1
    this.#queue.push({
      messages,
      settle: (outcome) => {
        if (this.outcomes[index] !== 'open') throw new Error('a batch is settled once')
        this.outcomes[index] = outcome
      },
      nack: 'replay',
      ...more,
    })
    this.#wake.ring()
  }

  end(): void {
    this.#ended = true
    this.#wake.ring()
  }

  async connect(): Promise<void> {
    this.connects += 1
  }

  async read(signal: AbortSignal): Promise<InputBatch | undefined> {
    this.reads += 1
    const ring = (): void => this.#wake.ring()
    signal.addEventListener('abort', ring)
    for (;;) {
      const batch = signal.aborted ? undefined : this.#queue.shift()
      if (batch !== undefined || signal.aborted || this.#ended) return batch
      await this.#wake.wait()
    }
  }

  async close(): Promise<void> {
    this.closes += 1
  }
}

/** An input of this definition; nested inputs are given in place of their configs. */
export async function inputForTest(
  definition: InputDefinition,
  config: object,
  environment: PipelineEnvironment = testEnvironment(),
): Promise<Input> {
  const { clock, logger, name, engine } = environment
  const { signal } = new AbortController()
  const health = new Health(logger, name)
  const context = {
    environment,
    metrics: health.metrics.of({ label: '', path: 'root.input' }),
    input: async (given: unknown) => given,
    positions: () => new Positions({ log: engine.log, clock, health, signal }),
    processors: async () => new Chain([]),
    durationMs: (text: string) => {
      const duration = parseConnectDuration(text)
      return duration.kind === 'duration' ? duration.ms : undefined
    },
    query: (text: string) => queryOf(text, OFFLINE),
  } as unknown as BuildContext
  const conformed = conformConfig(definition.config, config)
  return (await definition.build(conformed as never, context)) as Input
}
