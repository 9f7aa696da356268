/** Joins inputs that come and go while the pipeline runs, by a REST API. */
import { Type } from '../../../crds/typebox.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { defineInput, type Input, type InputDefinition } from '../../pipelines/component.ts'
import { inputField } from '../../pipelines/fields.ts'
import { type DynamicEntry, type DynamicSet, serveDynamic } from '../dynamic/dynamic-endpoints.ts'
import { FanIn, type Reading } from './fan-in.ts'
import { RetiredInputs } from './retired-inputs.ts'

export const dynamicInput: InputDefinition = defineInput({
  name: 'dynamic',
  status: 'stable',
  effects: 'none',
  summary: 'Joins inputs that come and go while the pipeline runs.',
  description: `Under the path of the pipeline: \`GET {prefix}/inputs\` lists the inputs, \`GET\`, \`POST\` and
\`DELETE {prefix}/inputs/{label}\` show, set and remove one, \`GET {prefix}/inputs/{label}/uptime\` tells for how long it
runs. A config is posted as YAML or JSON. An input that is replaced or removed gives what it has begun to read.

What is posted is in memory only: after a restart there is what the config declares. It may use nothing that is granted
or decided when a pipeline is applied: no files, commands, listeners, environment variables, secrets or streams. Declare
what needs these.`,
  config: Type.Object({
    inputs: Type.Record(Type.String(), inputField({ description: 'An input by its label.' }), {
      default: {},
      description: 'Inputs that are there from the start.',
    }),
    prefix: Type.String({
      default: '',
      description: 'Put before the paths.',
      examples: ['/sources'],
    }),
  }),
  nack: 'source',
  atLeastOnceBecause: () =>
    'the input dynamic takes inputs that do not resume at a committed position',
  examples: [
    { title: 'Nothing yet', config: { prefix: '/sources' } },
    { title: 'One from the start', config: { inputs: { orders: { inproc: 'orders' } } } },
  ],
  build: async ({ inputs, prefix }, context) => {
    const dynamic = new DynamicInput(prefix, context)
    for (const [label, config] of Object.entries(inputs)) {
      dynamic.declare(label, config, await context.input(config, ['inputs', label]))
    }
    return dynamic
  },
})

interface Running {
  readonly config: unknown
  readonly input: Input
  readonly sinceMs: number
}

class DynamicInput implements Input, DynamicSet {
  readonly drains = true
  readonly role = 'input'
  readonly #prefix: string
  readonly #context: BuildContext
  readonly #running = new Map<string, Running>()
  readonly #joined = new FanIn([], { endless: true })
  readonly #retired: RetiredInputs
  /** Inputs that go, until they are closed. */
  readonly #going = new Set<Input>()
  #mount: Disposable | undefined
  #signal: AbortSignal | undefined
  #changing: Promise<void> = Promise.resolve()

  constructor(prefix: string, context: BuildContext) {
    this.#prefix = prefix
    this.#context = context
    this.#retired = new RetiredInputs(context.environment.clock)
  }

  declare(label: string, config: unknown, input: Input): void {
    const watched = this.#watched(input)
    const sinceMs = this.#context.environment.clock.monotonicMs()
    this.#running.set(label, { config, input: watched, sinceMs })
    this.#joined.add(watched)
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    for (const { input } of this.#running.values()) await input.connect(signal)
    this.#mount ??= serveDynamic(this.#prefix, this, this.#context)
  }

  read(signal: AbortSignal): Reading {
    return this.#joined.read(signal)
  }

  async close(): Promise<void> {
    this.#mount?.[Symbol.dispose]()
    await this.#changing
    await this.#retired.close()
    const left = [...this.#going, ...[...this.#running.values()].map(({ input }) => input)]
    await Promise.allSettled(left.map((input) => input.close()))
  }

  entries(): ReadonlyMap<string, DynamicEntry> {
    const nowMs = this.#context.environment.clock.monotonicMs()
    return new Map(
      [...this.#running].map(([label, { config, input, sinceMs }]) => [
        label,
        { config, uptimeMs: this.#joined.hasEnded(input) ? undefined : nowMs - sinceMs },
      ]),
    )
  }

  /** One after the other, so that of two for one label the later stays. */
  put(label: string, config: unknown): Promise<void> {
    const change = this.#changing.then(async () => {
      const input = await this.#context.input(config, ['inputs', label])
      try {
        if (this.#signal !== undefined) await input.connect(this.#signal)
      } catch (thrown) {
        await input.close()
        throw thrown
      }
      this.remove(label)
      this.declare(label, config, input)
    })
    this.#changing = change.catch(() => {})
    return change
  }

  remove(label: string): boolean {
    const running = this.#running.get(label)
    if (running === undefined) return false
    this.#running.delete(label)
    void this.#retire(running.input)
    return true
  }

  async #retire(input: Input): Promise<void> {
    this.#going.add(input)
    await this.#joined.remove(input)
    await this.#retired.retire(input).catch(() => {})
    this.#going.delete(input)
  }

  /** So that it is closed only once what it gave is settled. */
  #watched(input: Input): Input {
    const watch = (batch: Awaited<Reading>): Awaited<Reading> =>
      batch === undefined ? undefined : this.#retired.watch(watched, batch)
    const watched: Input = {
      drains: input.drains === true,
      connect: (signal) => input.connect(signal),
      read: (signal) => {
        const reading = input.read(signal)
        return reading instanceof Promise ? reading.then(watch) : watch(reading)
      },
      close: () => input.close(),
    }
    return watched
  }
}
