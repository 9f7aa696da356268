/** Copies every batch to outputs that come and go while the pipeline runs, by a REST API. */
import { Type } from '../../../crds/typebox.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Delivery,
  defineOutput,
  type HoldOrder,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { outputField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import { unlessAborted } from '../../pipelines/unless-aborted.ts'
import { type DynamicEntry, type DynamicSet, serveDynamic } from '../dynamic/dynamic-endpoints.ts'
import { allDelivered } from './undelivered.ts'
import { ENDLESS_PATIENCE, writeUntilDelivered } from './write-until-delivered.ts'

export const DYNAMIC_WRITES_MAX = 1_024
/** What an output that was removed gets for the writes that are under way. */
export const DYNAMIC_RETIRE_MS_MAX = 30_000

export const dynamicOutput: OutputDefinition = defineOutput({
  name: 'dynamic',
  status: 'stable',
  effects: 'none',
  summary: 'Copies every batch to outputs that come and go while the pipeline runs.',
  description: `Under the path of the pipeline: \`GET {prefix}/outputs\` lists the outputs, \`GET\`, \`POST\` and
\`DELETE {prefix}/outputs/{label}\` show, set and remove one, \`GET {prefix}/outputs/{label}/uptime\` tells for how long it
runs. A config is posted as YAML or JSON.

A batch is delivered when all outputs took it; an output that rejects it gets it again until it takes it, or is removed.
While there is no output, batches wait for one.

What is posted is in memory only: after a restart there is what the config declares. It may use nothing that is granted
or decided when a pipeline is applied: no files, commands, listeners, environment variables, secrets or streams. Declare
what needs these.`,
  config: Type.Object({
    outputs: Type.Record(Type.String(), outputField({ description: 'An output by its label.' }), {
      default: {},
      description: 'Outputs that are there from the start.',
    }),
    prefix: Type.String({
      default: '',
      description: 'Put before the paths.',
      examples: ['/sinks'],
    }),
  }),
  delivery: 'sends',
  writesAtOnce: DYNAMIC_WRITES_MAX,
  examples: [
    { title: 'Nothing yet', config: { prefix: '/sinks' } },
    { title: 'One from the start', config: { outputs: { orders: { inproc: 'orders' } } } },
  ],
  build: async ({ outputs, prefix }, context) => {
    const dynamic = new DynamicOutput(prefix, context)
    for (const [label, config] of Object.entries(outputs)) {
      dynamic.declare(label, config, await context.output(config, ['outputs', label]))
    }
    return dynamic
  },
})

interface Running {
  readonly config: unknown
  readonly output: Output
  readonly sinceMs: number
  /** Aborts when what is not written to it by now is not to be. */
  readonly gone: AbortController
  readonly writes: Set<Promise<void>>
}

class DynamicOutput implements Output, DynamicSet {
  readonly role = 'output'
  readonly #prefix: string
  readonly #context: BuildContext
  readonly #running = new Map<string, Running>()
  readonly #going = new Set<Running>()
  #mount: Disposable | undefined
  #signal: AbortSignal | undefined
  #changing: Promise<void> = Promise.resolve()
  /** Settled when there is an output again. */
  #some: PromiseWithResolvers<void> = Promise.withResolvers<void>()

  constructor(prefix: string, context: BuildContext) {
    this.#prefix = prefix
    this.#context = context
  }

  declare(label: string, config: unknown, output: Output): void {
    const sinceMs = this.#context.environment.clock.monotonicMs()
    const gone = new AbortController()
    this.#running.set(label, { config, output, sinceMs, gone, writes: new Set() })
    this.#some.resolve()
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    for (const { output } of this.#running.values()) await output.connect(signal)
    this.#mount ??= serveDynamic(this.#prefix, this, this.#context)
  }

  async write(batch: Batch, delivery: Delivery): Promise<void> {
    while (this.#running.size === 0) await unlessAborted(this.#some.promise, delivery.signal)
    const all = [...this.#running.values()]
    await allDelivered(all.map((one) => ({ batch, written: this.#writeTo(one, batch, delivery) })))
  }

  relay(order: HoldOrder): void {
    for (const { output } of this.#running.values()) output.relay?.(order)
  }

  async close(): Promise<void> {
    this.#mount?.[Symbol.dispose]()
    await this.#changing
    const left = [...this.#going, ...this.#running.values()]
    this.#going.clear()
    await Promise.allSettled(left.map(({ output }) => output.close()))
  }

  entries(): ReadonlyMap<string, DynamicEntry> {
    const nowMs = this.#context.environment.clock.monotonicMs()
    return new Map(
      [...this.#running].map(([label, { config, sinceMs }]) => [
        label,
        { config, uptimeMs: nowMs - sinceMs },
      ]),
    )
  }

  /** One after the other, so that of two for one label the later stays. */
  put(label: string, config: unknown): Promise<void> {
    const change = this.#changing.then(async () => {
      const output = await this.#context.output(config, ['outputs', label])
      try {
        if (this.#signal !== undefined) await output.connect(this.#signal)
      } catch (thrown) {
        await output.close()
        throw thrown
      }
      const before = this.#running.get(label)
      this.declare(label, config, output)
      if (before !== undefined) void this.#retire(before)
    })
    this.#changing = change.catch(() => {})
    return change
  }

  remove(label: string): boolean {
    const running = this.#running.get(label)
    if (running === undefined) return false
    this.#running.delete(label)
    if (this.#running.size === 0) this.#some = Promise.withResolvers<void>()
    void this.#retire(running)
    return true
  }

  /** Writes under way get a little time, and what is left of them counts as delivered: nobody wants it any more. */
  async #retire(running: Running): Promise<void> {
    this.#going.add(running)
    running.output.relay?.('drain')
    const { clock } = this.#context.environment
    const done = new AbortController()
    const written = Promise.allSettled(running.writes)
    await Promise.race([written, clock.sleep(DYNAMIC_RETIRE_MS_MAX, done.signal).catch(() => {})])
    done.abort()
    running.gone.abort()
    if (this.#going.delete(running)) await running.output.close().catch(() => {})
  }

  #writeTo(running: Running, batch: Batch, delivery: Delivery): Promise<void> {
    const { clock } = this.#context.environment
    const { gone, output, writes } = running
    const signal = AbortSignal.any([delivery.signal, gone.signal])
    const told = { ...delivery, signal }
    const written = writeUntilDelivered(output, batch, told, { patience: ENDLESS_PATIENCE, clock })
    const settled = unlessAborted(written, gone.signal).catch((thrown) => {
      if (!gone.signal.aborted) throw thrown
      delivery.report(undefined)
    })
    const tracked = settled.catch(() => {}).then(() => void writes.delete(tracked))
    writes.add(tracked)
    return settled
  }
}
