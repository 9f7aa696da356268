/**
 * An input within an input: it connects again by itself, and each of its batches says who repeats it and brings the
 * processors along that stand beside the input. So a batch that is handed on as it is keeps its mark and its fate.
 */
import { asHeadgateError, type HeadgateError } from '../error.ts'
import type { ProcessorChain } from './build-context.ts'
import type { Input, InputBatch } from './component.ts'
import type { BuiltInput } from './component-builder.ts'
import type { Counter } from './component-metrics.ts'
import { Connection, RECONNECT_MS_FIRST } from './connection.ts'
import type { StageEnvironment } from './output-stage.ts'
import { unlessAborted } from './unless-aborted.ts'

type Reading = InputBatch | undefined | Promise<InputBatch | undefined>

export class NestedInput implements Input {
  readonly drains: boolean
  readonly #built: BuiltInput
  readonly #environment: StageEnvironment
  /** From the first `connect` on: what nobody has opened yet is no connection that is missing. */
  #connection: Connection | undefined
  readonly #received: Counter
  /** Undefined where there are none. */
  readonly #processors: ProcessorChain | undefined

  constructor(built: BuiltInput, environment: StageEnvironment) {
    this.#built = built
    this.#environment = environment
    this.#received = built.place.metrics.counter('input_received')
    this.#processors = built.processors.steps.length === 0 ? undefined : built.processors
    this.drains = built.input.drains === true
  }

  connect(): Promise<void> {
    this.#connection ??= new Connection(this.#built.place, this.#built.input, this.#environment)
    return this.#connection.open()
  }

  read(signal: AbortSignal): Reading {
    if (this.#connection?.connected !== true) return this.#persist(signal)
    try {
      const reading = this.#built.input.read(signal)
      if (!(reading instanceof Promise)) return this.#given(reading)
      return reading.then(
        (batch) => this.#given(batch),
        (thrown) => this.#persist(signal, asHeadgateError(thrown)),
      )
    } catch (thrown) {
      return this.#persist(signal, asHeadgateError(thrown))
    }
  }

  async close(): Promise<void> {
    this.#connection?.close()
    const closed = await Promise.allSettled([
      this.#built.input.close(),
      this.#built.processors.close(),
    ])
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** After a failed read: connected again, or after a little while, until there is an answer. */
  async #persist(signal: AbortSignal, failed?: HeadgateError): Promise<InputBatch | undefined> {
    let error = failed
    for (;;) {
      await this.#recover(signal, error)
      try {
        return this.#given(await this.#built.input.read(signal))
      } catch (thrown) {
        error = asHeadgateError(thrown)
      }
    }
  }

  async #recover(signal: AbortSignal, error: HeadgateError | undefined): Promise<void> {
    const { health, clock } = this.#environment
    signal.throwIfAborted()
    const connection = this.#connection
    if (connection === undefined) throw new Error('a nested input is read before it is connected')
    if (error?.code === 'NotConnected') connection.lose(error)
    if (!connection.connected) return unlessAborted(connection.ensure(), signal)
    if (error === undefined) return
    health.trouble(this.#built.place.name, error)
    await clock.sleep(RECONNECT_MS_FIRST, signal)
  }

  #given(batch: InputBatch | undefined): InputBatch | undefined {
    if (batch === undefined) return undefined
    this.#environment.health.over(this.#built.place.name)
    this.#received.add(batch.messages.length)
    const { tap } = this.#built.place
    if (tap?.open === true) tap.gave(batch.messages)
    const nack = batch.nack ?? this.#built.nack
    const processors = inOrder(batch.processors, this.#processors)
    return processors === undefined ? { ...batch, nack } : { ...batch, nack, processors }
  }
}

/** The inner ones first. */
function inOrder(
  inner: ProcessorChain | undefined,
  outer: ProcessorChain | undefined,
): ProcessorChain | undefined {
  if (inner === undefined || outer === undefined) return inner ?? outer
  return {
    alone: inner.alone && outer.alone,
    run: (batch, signal) => {
      const batches = inner.run(batch, signal)
      return batches instanceof Promise
        ? batches.then((all) => outer.runAll(all, signal))
        : outer.runAll(batches, signal)
    },
    runAll: (batches, signal) => {
      const made = inner.runAll(batches, signal)
      return made instanceof Promise
        ? made.then((all) => outer.runAll(all, signal))
        : outer.runAll(made, signal)
    },
    parts: () => [...inner.parts(), ...outer.parts()],
    close: async () => {},
  }
}
