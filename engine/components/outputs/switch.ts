/** Sends each message to the outputs of the cases that it fits. */
import { Type } from '../../../crds/typebox.ts'
import type { Query } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type ConfigFault,
  type Delivery,
  defineOutput,
  type HoldOrder,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { isRecord } from '../../pipelines/component-config.ts'
import { outputField, queryField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import type { Clock } from '../../ports/clock.ts'
import { allDelivered } from './undelivered.ts'
import { WrappedOutputs } from './wrapped-outputs.ts'
import { ENDLESS_PATIENCE, writeUntilDelivered } from './write-until-delivered.ts'

interface CaseConfig {
  readonly check: string
  readonly output: unknown
  readonly continue: boolean
}

export const switchOutput: OutputDefinition = defineOutput({
  name: 'switch',
  status: 'stable',
  effects: 'none',
  summary: 'Sends each message to the output of the first case that it fits.',
  description: `A batch is parted: each output gets the messages of its case as one batch, and what one of them rejects is told
for those messages alone. A check that fails counts as false.`,
  config: Type.Object({
    retry_until_success: Type.Boolean({
      default: false,
      description: 'Whether an output that rejects is tried again here, for ever.',
    }),
    strict_mode: Type.Boolean({
      default: false,
      description: 'Whether a message that fits no case is rejected; otherwise it is dropped.',
    }),
    cases: Type.Array(
      Type.Object({
        check: queryField({ default: '', description: 'Whether a message fits; empty fits all.' }),
        output: outputField({ description: 'Where it goes.' }),
        continue: Type.Boolean({
          default: false,
          description: 'Whether the cases below are looked at, too.',
        }),
      }),
      { minItems: 1, description: 'Looked at in order.' },
    ),
  }),
  delivery: 'wraps',
  check: faultsOf,
  examples: [
    {
      title: 'By a field, and a file for the rest',
      config: {
        cases: [
          {
            check: 'this.kind == "order"',
            output: { http_client: { url: 'http://127.0.0.1:8080/orders' } },
          },
          { output: { file: { path: './other.jsonl' } } },
        ],
      },
    },
  ],
  build: async ({ cases, retry_until_success, strict_mode }, context) => {
    const outputs = await casesOf(cases, context)
    return new SwitchOutput(outputs, {
      repeats: retry_until_success,
      strict: strict_mode,
      clock: context.environment.clock,
    })
  },
})

/** Together they never end: what `reject` rejects would be tried again for ever. */
function faultsOf({
  cases,
  retry_until_success,
}: {
  readonly cases: readonly CaseConfig[]
  readonly retry_until_success: boolean
}): readonly ConfigFault[] {
  if (!retry_until_success) return []
  return cases.flatMap(({ output }, index) => {
    if (!isRecord(output) || !('reject' in output)) return []
    const message = 'expected retry_until_success: false beside a case that rejects, got true'
    const hint = 'What reject rejects would be tried again for ever.'
    return [{ path: ['cases', index, 'output'], message, hint }]
  })
}

interface Case {
  readonly check: Query | undefined
  readonly output: Output
  readonly continues: boolean
}

async function casesOf(
  configs: readonly CaseConfig[],
  context: BuildContext,
): Promise<readonly Case[]> {
  const cases: Case[] = []
  for (const [index, config] of configs.entries()) {
    cases.push({
      check: config.check.trim() === '' ? undefined : context.query(config.check),
      output: await context.output(config.output, ['cases', index, 'output']),
      continues: config.continue,
    })
  }
  return cases
}

interface SwitchOptions {
  readonly repeats: boolean
  readonly strict: boolean
  readonly clock: Clock
}

class SwitchOutput implements Output {
  readonly #cases: readonly Case[]
  readonly #options: SwitchOptions
  readonly #wrapped: WrappedOutputs

  constructor(cases: readonly Case[], options: SwitchOptions) {
    this.#cases = cases
    this.#options = options
    this.#wrapped = new WrappedOutputs(cases.map(({ output }) => output))
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#wrapped.connect(signal)
  }

  write(batch: Batch, delivery: Delivery): Promise<void> {
    const { parts, unmatched } = this.#part(batch)
    const writes = parts.flatMap((part, index) => {
      const output = this.#cases[index]?.output
      if (output === undefined || part.length === 0) return []
      return [{ batch: part, written: this.#write(output, part, delivery) }]
    })
    if (unmatched.length > 0 && this.#options.strict) {
      const error = new HeadgateError('OutputFailed', 'the message fits no case of the switch')
      writes.push({ batch: unmatched, written: Promise.reject(error) })
    }
    return allDelivered(writes)
  }

  relay(order: HoldOrder): void {
    this.#wrapped.relay(order)
  }

  close(): Promise<void> {
    return this.#wrapped.close()
  }

  async #write(output: Output, batch: Batch, delivery: Delivery): Promise<void> {
    const { repeats, clock } = this.#options
    if (!repeats) return output.write(batch, delivery)
    return writeUntilDelivered(output, batch, delivery, { patience: ENDLESS_PATIENCE, clock })
  }

  #part(batch: Batch): { parts: readonly Message[][]; unmatched: Message[] } {
    const parts: Message[][] = this.#cases.map(() => [])
    const unmatched: Message[] = []
    for (const [index, message] of batch.entries()) {
      let matched = false
      for (const [at, one] of this.#cases.entries()) {
        if (!fits(one, batch, index)) continue
        matched = true
        parts[at]?.push(message)
        if (!one.continues) break
      }
      if (!matched) unmatched.push(message)
    }
    return { parts, unmatched }
  }
}

function fits({ check }: Case, batch: Batch, index: number): boolean {
  try {
    return check === undefined || check.test(batch, index)
  } catch {
    return false
  }
}
