/**
 * Reads several inputs at once and gives what comes first; those that always have something take turns.
 *
 * Of each input at most one batch waits here to be given, so back-pressure reaches all of them. Once the signal aborts,
 * it goes on until what the inputs had begun to read is given too.
 */
import type { Input, InputBatch } from '../../pipelines/component.ts'
import { Wake } from '../../pipelines/wake.ts'

export type Reading = InputBatch | undefined | Promise<InputBatch | undefined>

interface Branch {
  readonly input: Input
  /** Aborts when this one is to give no more, whatever the others do. */
  readonly stop: AbortController
  reading: boolean
  arrived: InputBatch | undefined
  ended: boolean
  /** What its reads are told; made once, for the signal of all reads is the same one. */
  signal: { readonly of: AbortSignal; readonly own: AbortSignal } | undefined
  readonly over: PromiseWithResolvers<void>
}

export class FanIn {
  readonly #branches: Branch[] = []
  readonly #wake = new Wake()
  readonly #endless: boolean
  #next = 0
  #failure: { readonly thrown: unknown } | undefined

  /** An endless one ends when it is told to, and not with its inputs: others may come. */
  constructor(inputs: readonly Input[], { endless = false }: { readonly endless?: boolean } = {}) {
    this.#endless = endless
    for (const input of inputs) this.add(input)
  }

  add(input: Input): void {
    this.#branches.push({
      input,
      stop: new AbortController(),
      reading: false,
      arrived: undefined,
      ended: false,
      signal: undefined,
      over: Promise.withResolvers<void>(),
    })
    this.#wake.ring()
  }

  /** Resolves once the input gave everything that it had begun to read; it is read no more. */
  async remove(input: Input): Promise<void> {
    const branch = this.#branches.find((one) => one.input === input)
    if (branch === undefined) return
    branch.stop.abort()
    this.#wake.ring()
    await branch.over.promise
    this.#branches.splice(this.#branches.indexOf(branch), 1)
  }

  hasEnded(input: Input): boolean {
    return this.#branches.find((one) => one.input === input)?.ended ?? true
  }

  read(signal: AbortSignal): Reading {
    return this.#take(signal) ?? this.#wait(signal)
  }

  #take(signal: AbortSignal): InputBatch | undefined {
    const count = this.#branches.length
    for (let turn = 0; turn < count; turn++) {
      const index = (this.#next + turn) % count
      const branch = this.#branches[index]
      if (branch === undefined) continue
      if (branch.arrived === undefined) this.#ask(branch, signal)
      const { arrived } = branch
      if (arrived === undefined) continue
      branch.arrived = undefined
      this.#next = index + 1
      return arrived
    }
    return undefined
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    const ring = (): void => this.#wake.ring()
    signal.addEventListener('abort', ring)
    try {
      for (;;) {
        const batch = this.#take(signal)
        if (batch !== undefined) return batch
        const failure = this.#failure
        this.#failure = undefined
        if (failure !== undefined && !signal.aborted) throw failure.thrown
        const over = this.#branches.every((branch) => branch.ended)
        if (over && (signal.aborted || !this.#endless)) return undefined
        await this.#wake.wait()
      }
    } finally {
      signal.removeEventListener('abort', ring)
    }
  }

  #ask(branch: Branch, signal: AbortSignal): void {
    if (branch.reading || branch.ended) return
    const own = ownSignal(branch, signal)
    if (own.aborted && branch.input.drains !== true) {
      this.#arrive(branch, undefined)
      return
    }
    try {
      const reading = branch.input.read(own)
      if (!(reading instanceof Promise)) {
        this.#arrive(branch, reading)
        return
      }
      branch.reading = true
      reading.then(
        (batch) => this.#arrive(branch, batch),
        (thrown) => this.#fail(branch, own, thrown),
      )
    } catch (thrown) {
      this.#fail(branch, own, thrown)
    }
  }

  #arrive(branch: Branch, batch: InputBatch | undefined): void {
    branch.reading = false
    branch.arrived = batch
    if (batch === undefined) {
      branch.ended = true
      branch.over.resolve()
    }
    this.#wake.ring()
  }

  /** A nested input repeats a failed read by itself; what comes here is an abort, or a defect. */
  #fail(branch: Branch, own: AbortSignal, thrown: unknown): void {
    if (!own.aborted) this.#failure = { thrown }
    this.#arrive(branch, undefined)
  }
}

function ownSignal(branch: Branch, signal: AbortSignal): AbortSignal {
  if (branch.signal?.of !== signal) {
    branch.signal = { of: signal, own: AbortSignal.any([signal, branch.stop.signal]) }
  }
  return branch.signal.own
}
