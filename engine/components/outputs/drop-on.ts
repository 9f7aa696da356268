/** Lets go of what another output rejects, where the config says so. */
import { Type } from '../../../crds/typebox.ts'
import { compileRegexp } from '../../bloblang/regexp/regexp.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import {
  type ConfigFault,
  type Delivery,
  defineOutput,
  type HoldOrder,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { durationField, outputField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import type { Clock } from '../../ports/clock.ts'
import { undelivered } from './undelivered.ts'
import { WrappedOutputs } from './wrapped-outputs.ts'

export const dropOn: OutputDefinition = defineOutput({
  name: 'drop_on',
  status: 'stable',
  effects: 'none',
  summary: 'Lets go of messages that another output rejects.',
  description: `What is dropped counts as delivered, and nothing else tells of it.

A write that \`back_pressure\` was too short for is not waited for, and may still be delivered. Until it ended, whatever
comes is rejected at once. What is rejected so is dropped with \`error\`, or with a pattern that matches \`took longer\`;
otherwise it is as any other rejection.`,
  config: Type.Object({
    error: Type.Boolean({
      default: false,
      description: 'Whether every message that is rejected is dropped.',
    }),
    error_patterns: Type.Array(Type.String(), {
      default: [],
      description: 'Regular expressions; a message whose reason matches one is dropped.',
    }),
    back_pressure: durationField({
      default: '',
      description: 'A write that takes longer is rejected; empty for no such limit.',
      examples: ['30s', '1m'],
    }),
    output: outputField({ description: 'Where messages go first.' }),
  }),
  delivery: 'wraps',
  check: ({ error_patterns }) => patternFaults(error_patterns),
  examples: [
    {
      title: 'Nothing is sent twice',
      config: { error: true, output: { http_client: { url: 'http://127.0.0.1:8080/in' } } },
    },
    {
      title: 'Nobody waits for a slow server',
      config: {
        error: true,
        back_pressure: '10s',
        output: { http_client: { url: 'http://127.0.0.1:8080/in' } },
      },
    },
    {
      title: 'What the other side finds invalid',
      config: {
        error_patterns: ['answered 400'],
        output: { http_client: { url: 'http://127.0.0.1:8080/in', drop_on: [400] } },
      },
    },
  ],
  build: async ({ error, error_patterns, back_pressure, output: config }, context) => {
    const child = await context.output(config, ['output'])
    const waitMs = context.durationMs(back_pressure) ?? 0
    const { clock } = context.environment
    const output = waitMs > 0 ? new PatientOutput(child, back_pressure, waitMs, clock) : child
    const wrapped = new WrappedOutputs([output])
    const patterns = error_patterns.map(compileRegexp)
    const drops = (reason: HeadgateError): boolean =>
      error || patterns.some((pattern) => pattern.test(reason.message))
    return {
      connect: (signal) => wrapped.connect(signal),
      write: async (batch, delivery) => {
        try {
          await output.write(batch, delivery)
        } catch (thrown) {
          if (wrapped.ends(delivery)) throw thrown
          const kept = keptOf(asHeadgateError(thrown), batch, drops)
          if (kept.size > 0) throw new BatchError(kept)
        }
      },
      relay: (order) => wrapped.relay(order),
      close: () => wrapped.close(),
    }
  },
})

/**
 * Rejects what another output did not take in time. The write goes on, for it tells when the output is ready again; as
 * none begins meanwhile, no more of them hang than are in flight at a time.
 */
class PatientOutput implements Output {
  readonly #output: Output
  readonly #limit: string
  readonly #waitMs: number
  readonly #clock: Clock
  readonly #closing = new AbortController()
  /** Writes that nobody waits for any more. */
  #hanging = 0

  constructor(output: Output, limit: string, waitMs: number, clock: Clock) {
    this.#output = output
    this.#limit = limit
    this.#waitMs = waitMs
    this.#clock = clock
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#output.connect(signal)
  }

  write(batch: Batch, delivery: Delivery): void | Promise<void> {
    if (this.#hanging > 0) throw this.#late()
    let isLate = false
    const written = this.#output.write(batch, {
      signal: AbortSignal.any([delivery.signal, this.#closing.signal]),
      // The transaction that it would belong to may be over.
      enlist: (enlisted) => {
        if (isLate) throw this.#late()
        delivery.enlist(enlisted)
      },
      report: (trouble) => {
        if (!isLate) delivery.report(trouble)
      },
    })
    if (written === undefined) return
    return new Promise((resolve, reject) => {
      const timer = this.#clock.schedule(this.#waitMs, () => {
        isLate = true
        this.#hanging += 1
        delivery.report(undefined)
        reject(this.#late())
      })
      const ended = (settle: () => void): void => {
        timer.cancel()
        if (isLate) this.#hanging -= 1
        settle()
      }
      written.then(
        () => ended(resolve),
        (thrown) => ended(() => reject(thrown)),
      )
    })
  }

  relay(order: HoldOrder): void {
    this.#output.relay?.(order)
  }

  close(): Promise<void> {
    this.#closing.abort()
    return this.#output.close()
  }

  #late(): HeadgateError {
    return new HeadgateError('OutputFailed', `the output took longer than ${this.#limit}`)
  }
}

function patternFaults(patterns: readonly string[]): readonly ConfigFault[] {
  return patterns.flatMap((pattern, index) => {
    if (pattern.includes('${')) return []
    try {
      compileRegexp(pattern)
      return []
    } catch (thrown) {
      return [{ path: ['error_patterns', index], message: asHeadgateError(thrown).message }]
    }
  })
}

function keptOf(
  error: HeadgateError,
  batch: Batch,
  drops: (reason: HeadgateError) => boolean,
): ReadonlyMap<Message, HeadgateError> {
  const kept = new Map<Message, HeadgateError>()
  for (const message of undelivered(error, batch)) {
    const own = (error instanceof BatchError ? error.failed.get(message) : undefined) ?? error
    if (!drops(own)) kept.set(message, own)
  }
  return kept
}
