/** For tests of outputs that wrap others: an output that answers as it is told, and a place to build them in. */
import { compileInterpolation, compileQuery } from '../../bloblang/bloblang.ts'
import { OFFLINE } from '../../pipelines/bloblang-fields.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { Delivery, HoldOrder, Output, OutputDefinition } from '../../pipelines/component.ts'
import { conformConfig } from '../../pipelines/config-check.ts'
import { parseConnectDuration } from '../../pipelines/connect-duration.ts'
import { type Batch, Message } from '../../pipelines/message.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'

export const texts = (batch: Batch): string[] =>
  batch.map((message) => Buffer.from(message.content()).toString())
export const batchOf = (...contents: string[]): Batch =>
  contents.map((content) => Message.fromBytes(Buffer.from(content)))

export class ToldOutput implements Output {
  readonly written: string[][] = []
  readonly batches: Batch[] = []
  readonly orders: HoldOrder[] = []
  connects = 0
  closes = 0
  readonly #tell: (batch: Batch, attempt: number) => void | Promise<void>

  /** What `tell` throws is what the write throws. */
  constructor(tell: (batch: Batch, attempt: number) => void | Promise<void> = () => {}) {
    this.#tell = tell
  }

  async connect(): Promise<void> {
    this.connects += 1
  }

  async write(batch: Batch): Promise<void> {
    this.batches.push(batch)
    this.written.push(texts(batch))
    await this.#tell(batch, this.written.length)
  }

  relay(order: HoldOrder): void {
    this.orders.push(order)
  }

  async close(): Promise<void> {
    this.closes += 1
  }
}

export interface BuiltForTest {
  readonly output: Output
  readonly clock: SimulatedClock
  readonly delivery: Delivery
  readonly stop: AbortController
  /** What was reported, `undefined` as `over`. */
  readonly reports: string[]
}

/** Outputs in the config are given as they are. */
export async function builtForTest(
  definition: OutputDefinition,
  config: unknown,
): Promise<BuiltForTest> {
  const clock = new SimulatedClock()
  const stop = new AbortController()
  const reports: string[] = []
  const context = {
    environment: testEnvironment({ clock }),
    output: async (given: unknown) => given,
    durationMs: (text: string) => {
      const duration = parseConnectDuration(text)
      return duration.kind === 'duration' ? duration.ms : undefined
    },
    query: (text: string) => compiled(compileQuery(text, OFFLINE)),
    interpolation: (text: string) => compiled(compileInterpolation(text, OFFLINE)),
  } as unknown as BuildContext
  const conformed = conformConfig(definition.config, config)
  const output = (await definition.build(conformed as never, context)) as Output
  const delivery: Delivery = {
    signal: stop.signal,
    enlist: () => {},
    report: (trouble) => void reports.push(trouble?.message ?? 'over'),
  }
  return { output, clock, delivery, stop, reports }
}

function compiled<T>(result: { ok: true; value: T } | { ok: false }): T {
  if (!result.ok) throw new Error('the text of a test does not compile')
  return result.value
}
