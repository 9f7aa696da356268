/**
 * Runs processors in order over whole batches.
 *
 * A failure never stops the chain: what a processor throws flags every message of the batch it got, and the messages
 * go on unchanged; in a strict pipeline past the processors that are left. As long as no processor waits, nothing here
 * makes a promise.
 */
import type { MappingFailure } from '../bloblang/mapping.ts'
import type { ProcessorChain } from './build-context.ts'
import type { Processor } from './component.ts'
import type { Batch, Message } from './message.ts'
import type { ProcessorMeter } from './meters.ts'
import { NOT_TIMED } from './sampled-timing.ts'
import type { PointLook, TapPoint } from './tap-point.ts'

export interface Step {
  readonly processor: Processor
  /** Counts, too. */
  readonly failure: (thrown: unknown) => MappingFailure
  readonly meter?: ProcessorMeter
  /** See `alone` of its definition. */
  readonly alone?: boolean
  /** Where it can be looked at; one field is read for each batch while nobody does. */
  readonly tap?: TapPoint
}

/**
 * Whether what failed goes on. `strict`: past all that is left. `within`, for processors in a processor of a strict
 * pipeline: past what is left of them, unless it came to them as it is, for then it is there to be repaired or repeated.
 */
export type Strictness = 'lenient' | 'strict' | 'within'

type Batches = readonly Batch[]

export class Chain implements ProcessorChain {
  readonly steps: readonly Step[]

  /** Whether each message fares in it as if it were alone. */
  readonly alone: boolean
  readonly strictness: Strictness

  constructor(steps: readonly Step[], strictness: Strictness = 'lenient') {
    this.steps = steps
    this.strictness = strictness
    this.alone = steps.every((step) => step.alone === true)
  }

  run(batch: Batch, signal: AbortSignal): Batches | Promise<Batches> {
    return this.#from(0, [batch], signal, this.#skipsFailed([batch]))
  }

  /** Of batches that other processors made of one. */
  runAll(batches: Batches, signal: AbortSignal): Batches | Promise<Batches> {
    return this.#from(0, batches, signal, this.#skipsFailed(batches))
  }

  parts(): readonly ProcessorChain[] {
    return this.steps.map((step) => new Chain([step]))
  }

  async close(): Promise<void> {
    for (const { processor } of this.steps) await processor.close?.()
  }

  #skipsFailed(batches: Batches): boolean {
    if (this.strictness !== 'within') return this.strictness === 'strict'
    return !batches.some((batch) => batch.some(hasFailed))
  }

  #from(
    first: number,
    batches: Batches,
    signal: AbortSignal,
    skipsFailed: boolean,
  ): Batches | Promise<Batches> {
    let current = batches
    for (let index = first; index < this.steps.length; index++) {
      const step = this.steps[index]
      if (step === undefined || current.length === 0) break
      const result = applyToAll(step, current, signal, skipsFailed ? applyToSound : apply)
      if (result instanceof Promise) {
        return result.then((next) => this.#from(index + 1, next, signal, skipsFailed))
      }
      current = result
    }
    return current
  }
}

function applyToAll(
  step: Step,
  batches: Batches,
  signal: AbortSignal,
  applyOne: typeof apply,
): Batches | Promise<Batches> {
  const [only] = batches
  if (batches.length === 1 && only !== undefined) return applyOne(step, only, signal)
  const results = batches.map((batch) => applyOne(step, batch, signal))
  return results.some((result) => result instanceof Promise)
    ? Promise.all(results).then((all) => all.flat())
    : (results as Batches[]).flat()
}

function apply(step: Step, batch: Batch, signal: AbortSignal): Batches | Promise<Batches> {
  const look = step.tap?.open === true ? step.tap.look(batch) : undefined
  const begunMs = step.meter?.begin(batch) ?? NOT_TIMED
  try {
    const result = step.processor.process(batch, signal)
    if (!(result instanceof Promise)) return done(step, result, begunMs, look)
    return result.then(
      (batches) => done(step, batches, begunMs, look),
      (thrown) => done(step, flag(step, batch, thrown), begunMs, look),
    )
  } catch (thrown) {
    return done(step, flag(step, batch, thrown), begunMs, look)
  }
}

/** Only to what has not failed; the rest keeps its place where one message came out for each, and leaves on its own else. */
function applyToSound(step: Step, batch: Batch, signal: AbortSignal): Batches | Promise<Batches> {
  const sound = batch.filter((message) => !hasFailed(message))
  if (sound.length === batch.length) return apply(step, batch, signal)
  if (sound.length === 0) return [batch]
  const result = apply(step, sound, signal)
  return result instanceof Promise
    ? result.then((batches) => rejoined(batch, sound, batches))
    : rejoined(batch, sound, result)
}

function rejoined(batch: Batch, sound: Batch, results: Batches): Batches {
  const [only] = results
  if (results.length !== 1 || only?.length !== sound.length) {
    return [...results, batch.filter(hasFailed)]
  }
  const left = only.values()
  return [batch.map((message) => (hasFailed(message) ? message : (left.next().value ?? message)))]
}

function hasFailed(message: Message): boolean {
  return message.failure() !== undefined
}

function done(step: Step, batches: Batches, begunMs: number, look: PointLook | undefined): Batches {
  step.meter?.end(batches, begunMs)
  look?.became(batches)
  return batches
}

function flag(step: Step, batch: Batch, thrown: unknown): Batches {
  return [batch.map((message) => message.withFailure(step.failure(thrown)))]
}
