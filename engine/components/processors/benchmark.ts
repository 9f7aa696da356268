/** Logs how many messages and bytes a second go through, and hands all on as they are. */
import { Type } from '../../../crds/typebox.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineProcessor,
  type Processor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { durationField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import type { Timer } from '../../ports/clock.ts'

export const benchmark: ProcessorDefinition = defineProcessor({
  name: 'benchmark',
  status: 'beta',
  effects: 'none',
  summary: 'Logs how much goes through in a second.',
  description:
    'A line at each interval tells of that interval, and one at the end of all from the first message on: ' +
    '`rolling stats: 125000 msg/sec, 25 MB/sec`. The gauges `benchmark_messages_per_second` and ' +
    '`benchmark_bytes_per_second` hold the last interval.',
  alone: true,
  config: Type.Object({
    interval: durationField({
      default: '5s',
      description: 'How often it tells; 0s or empty is only at the end.',
    }),
    count_bytes: Type.Boolean({
      default: true,
      description: 'Whether bytes are counted: a document has to be written down for that.',
    }),
  }),
  examples: [
    {
      title: 'A line a second, of messages alone',
      config: { interval: '1s', count_bytes: false },
      given: [{ id: 1 }],
      then: [{ id: 1 }],
    },
  ],
  build: ({ interval, count_bytes }, context) =>
    new Benchmark(context.durationMs(interval) ?? 0, count_bytes, context),
})

interface Amount {
  messages: number
  bytes: number
  readonly sinceMs: number
}

class Benchmark implements Processor {
  readonly #intervalMs: number
  readonly #countsBytes: boolean
  readonly #context: BuildContext
  #total: Amount | undefined
  #rolling: Amount
  #timer: Timer | undefined

  constructor(intervalMs: number, countsBytes: boolean, context: BuildContext) {
    this.#intervalMs = intervalMs
    this.#countsBytes = countsBytes
    this.#context = context
    this.#rolling = this.#begin()
  }

  process(batch: Batch): readonly Batch[] {
    if (this.#total === undefined) this.#start()
    let bytes = 0
    if (this.#countsBytes) for (const message of batch) bytes += message.content().length
    for (const amount of [this.#rolling, this.#total]) {
      if (amount === undefined) continue
      amount.messages += batch.length
      amount.bytes += bytes
    }
    return [batch]
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    if (this.#total !== undefined) this.#tell('total', this.#total)
  }

  /** With the first message, so that what is idle costs nothing. */
  #start(): void {
    this.#total = this.#begin()
    this.#rolling = this.#begin()
    this.#arm()
  }

  #arm(): void {
    if (this.#intervalMs === 0) return
    this.#timer = this.#context.environment.clock.schedule(this.#intervalMs, () => {
      this.#tell('rolling', this.#rolling)
      this.#rolling = this.#begin()
      this.#arm()
    })
  }

  #begin(): Amount {
    return { messages: 0, bytes: 0, sinceMs: this.#context.environment.clock.monotonicMs() }
  }

  #tell(what: 'rolling' | 'total', { messages, bytes, sinceMs }: Amount): void {
    const { metrics, environment, path } = this.#context
    const seconds = Math.max(environment.clock.monotonicMs() - sinceMs, 1) / 1_000
    const perSecond = messages / seconds
    const bytesPerSecond = bytes / seconds
    const ofBytes = this.#countsBytes ? `, ${bytesText(bytesPerSecond)}/sec` : ''
    const text = `${what} stats: ${rounded(perSecond)} msg/sec${ofBytes}`
    environment.logger.info(text, { pipeline: environment.name, path })
    if (what === 'total') return
    metrics.gauge('benchmark_messages_per_second').set(perSecond)
    if (this.#countsBytes) metrics.gauge('benchmark_bytes_per_second').set(bytesPerSecond)
  }
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

function bytesText(bytes: number): string {
  let [amount, unit] = [bytes, 0]
  while (amount >= 1_000 && unit < UNITS.length - 1) {
    amount /= 1_000
    unit += 1
  }
  return `${rounded(amount)} ${UNITS[unit]}`
}

/** Six figures tell enough. */
function rounded(amount: number): string {
  return String(Number(amount.toPrecision(6)))
}
