/** Runs processors on a message again and again until they do not fail, with growing waits. */
import { Type } from '../../../crds/typebox.ts'
import type { BuildContext, ProcessorChain } from '../../pipelines/build-context.ts'
import {
  defineProcessor,
  type Processor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { durationField, processorsField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { retryWaitMs } from '../http/retry-wait.ts'
import { withMetadataSet } from '../metadata-map.ts'
import { oneBatch } from '../one-batch.ts'

const INITIAL_MS_DEFAULT = 500
const LONGEST_MS_DEFAULT = 10_000
/** How much of a wait is left to chance, so that many do not come again together. */
const JITTER = 0.5

export const retry: ProcessorDefinition = defineProcessor({
  name: 'retry',
  status: 'stable',
  effects: 'none',
  summary: 'Runs processors on each message until they succeed.',
  description:
    'Each message is a batch of its own, and each attempt begins with the message as it came, without an earlier error. ' +
    'What still fails at the end goes on flagged. The messages tell in their metadata `retry_count` how often they were ' +
    'tried again, and in `backoff_duration` for how long that was waited, such as `1500ms`.',
  config: Type.Object({
    backoff: Type.Object(
      {
        initial_interval: durationField({ description: 'The first wait.', default: '500ms' }),
        max_interval: durationField({ description: 'The longest wait.', default: '10s' }),
        max_elapsed_time: durationField({
          description: 'How long it is tried again in all; 0s or empty is for ever.',
          default: '1m',
        }),
      },
      {
        default: {},
        description: 'How long to wait between attempts: each wait is twice the last.',
      },
    ),
    processors: processorsField({ description: 'What runs on each message.' }),
    parallel: Type.Boolean({
      default: false,
      description: 'Whether the messages of a batch are tried at once, or one after the other.',
    }),
    max_retries: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'How often a message is tried again at most; 0 is without a limit.',
    }),
  }),
  examples: [
    {
      title: 'What succeeds at once is not tried again',
      config: { processors: [{ mapping: 'root.n = this.n + 1' }] },
      given: [{ n: 1 }],
      then: [{ n: 2 }],
    },
  ],
  build: async (config, context) => {
    const { backoff } = config
    return new Retry({
      context,
      chain: await context.processors(config.processors, ['processors']),
      parallel: config.parallel,
      retriesMax: config.max_retries === 0 ? Number.POSITIVE_INFINITY : config.max_retries,
      initialMs: context.durationMs(backoff.initial_interval) ?? INITIAL_MS_DEFAULT,
      longestMs: context.durationMs(backoff.max_interval) ?? LONGEST_MS_DEFAULT,
      elapsedMsMax: context.durationMs(backoff.max_elapsed_time) || Number.POSITIVE_INFINITY,
    })
  },
})

interface RetryOptions {
  readonly context: BuildContext
  readonly chain: ProcessorChain
  readonly parallel: boolean
  readonly retriesMax: number
  readonly initialMs: number
  readonly longestMs: number
  readonly elapsedMsMax: number
}

class Retry implements Processor {
  readonly #options: RetryOptions

  constructor(options: RetryOptions) {
    this.#options = options
  }

  async process(batch: Batch, signal: AbortSignal): Promise<readonly Batch[]> {
    if (this.#options.parallel) {
      const made = await Promise.all(batch.map((message) => this.#message(message, signal)))
      return oneBatch(made.flat())
    }
    const made: Batch[] = []
    for (const message of batch) made.push(...(await this.#message(message, signal)))
    return oneBatch(made)
  }

  close(): Promise<void> {
    return this.#options.chain.close()
  }

  async #message(given: Message, signal: AbortSignal): Promise<readonly Batch[]> {
    const { context, chain, retriesMax, initialMs, longestMs, elapsedMsMax } = this.#options
    const { clock, random } = context.environment
    const startedMs = clock.monotonicMs()
    const message = given.withFailure(undefined)
    let waitedMs = 0
    for (let retries = 0; ; retries++) {
      const attempt = withMetadataSet(message, [
        ['retry_count', retries],
        ['backoff_duration', `${waitedMs}ms`],
      ])
      const batches = await chain.run([attempt], signal)
      if (!batches.some(hasFailed) || retries >= retriesMax) return batches
      const waits = { initialMs, maxMs: longestMs, jitter: JITTER }
      const waitMs = retryWaitMs(waits, retries + 1, undefined, random)
      if (clock.monotonicMs() - startedMs + waitMs > elapsedMsMax) return batches
      await clock.sleep(waitMs, signal)
      waitedMs += waitMs
    }
  }
}

function hasFailed(batch: Batch): boolean {
  return batch.some((message) => message.failure() !== undefined)
}
