/**
 * Runs processors in order over whole batches.
 *
 * A failure never stops the chain: what a processor throws flags every message of the batch it got, and the messages
 * go on unchanged. As long as no processor waits, nothing here makes a promise.
 */
import type { MappingFailure } from '../bloblang/mapping.ts'
import type { ProcessorChain } from './build-context.ts'
import type { Processor } from './component.ts'
import type { Batch } from './message.ts'
import type { ProcessorMeter } from './meters.ts'
import { NOT_TIMED } from './sampled-timing.ts'

export interface Step {
  readonly processor: Processor
  /** Counts, too. */
  readonly failure: (thrown: unknown) => MappingFailure
  readonly meter?: ProcessorMeter
  /** See `alone` of its definition. */
  readonly alone?: boolean
}

type Batches = readonly Batch[]

export class Chain implements ProcessorChain {
  readonly steps: readonly Step[]

  /** Whether each message fares in it as if it were alone. */
  readonly alone: boolean

  constructor(steps: readonly Step[]) {
    this.steps = steps
    this.alone = steps.every((step) => step.alone === true)
  }

  run(batch: Batch, signal: AbortSignal): Batches | Promise<Batches> {
    return this.#from(0, [batch], signal)
  }

  /** Of batches that other processors made of one. */
  runAll(batches: Batches, signal: AbortSignal): Batches | Promise<Batches> {
    return this.#from(0, batches, signal)
  }

  parts(): readonly ProcessorChain[] {
    return this.steps.map((step) => new Chain([step]))
  }

  async close(): Promise<void> {
    for (const { processor } of this.steps) await processor.close?.()
  }

  #from(first: number, batches: Batches, signal: AbortSignal): Batches | Promise<Batches> {
    let current = batches
    for (let index = first; index < this.steps.length; index++) {
      const step = this.steps[index]
      if (step === undefined || current.length === 0) break
      const result = applyToAll(step, current, signal)
      if (result instanceof Promise) {
        return result.then((next) => this.#from(index + 1, next, signal))
      }
      current = result
    }
    return current
  }
}

function applyToAll(step: Step, batches: Batches, signal: AbortSignal): Batches | Promise<Batches> {
  const [only] = batches
  if (batches.length === 1 && only !== undefined) return apply(step, only, signal)
  const results = batches.map((batch) => apply(step, batch, signal))
  return results.some((result) => result instanceof Promise)
    ? Promise.all(results).then((all) => all.flat())
    : (results as Batches[]).flat()
}

function apply(step: Step, batch: Batch, signal: AbortSignal): Batches | Promise<Batches> {
  const begunMs = step.meter?.begin(batch) ?? NOT_TIMED
  try {
    const result = step.processor.process(batch, signal)
    if (!(result instanceof Promise)) return done(step, result, begunMs)
    return result.then(
      (batches) => done(step, batches, begunMs),
      (thrown) => done(step, flag(step, batch, thrown), begunMs),
    )
  } catch (thrown) {
    return done(step, flag(step, batch, thrown), begunMs)
  }
}

function done(step: Step, batches: Batches, begunMs: number): Batches {
  step.meter?.end(batches, begunMs)
  return batches
}

function flag(step: Step, batch: Batch, thrown: unknown): Batches {
  return [batch.map((message) => message.withFailure(step.failure(thrown)))]
}
