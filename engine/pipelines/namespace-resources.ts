/**
 * The resources that all pipelines of a namespace share by label. Each is made when it is first used, and may be
 * replaced while it is: the new one is built first, and no pipeline is restarted.
 */
import { HeadgateError } from '../error.ts'
import type { ProcessorChain } from './build-context.ts'
import type { Cache } from './cache.ts'
import type { Input, Output, Processor } from './component.ts'
import { ComponentBuilder } from './component-builder.ts'
import { PipelineMetrics } from './component-metrics.ts'
import { interpolateVariables } from './environment-variables.ts'
import { Health } from './health.ts'
import type { MetricSeries, PipelineEnvironment } from './pipeline.ts'
import type { RateLimit } from './rate-limit.ts'
import type { ResourceLabels, ResourceRole, SharedLabels } from './resource-labels.ts'
import { ReadingTurns, SharedInput } from './shared-input.ts'
import { SharedOutput } from './shared-output.ts'
import { type Closable, SharedSlot, type SlotOptions } from './shared-slot.ts'
import { unknownLabelText } from './unknown-label.ts'
import { VariableMask } from './variable-mask.ts'

/** What a component finds behind a label; it asks when it is built, and uses what it got. */
export interface SharedComponents {
  readonly labels: SharedLabels
  has(role: string, label: string): boolean
  cache(label: string): Promise<Cache>
  rateLimit(label: string): Promise<RateLimit>
  input(label: string): Input
  output(label: string): Output
  processor(label: string): Processor
}

export interface NamespaceResourcesOptions {
  /** In which a resource of that label runs. */
  readonly environmentOf: (label: string, role: ResourceRole) => PipelineEnvironment
  readonly labels: ResourceLabels
}

export class NamespaceResources implements SharedComponents {
  readonly labels: SharedLabels
  readonly #options: NamespaceResourcesOptions
  readonly #slots = new Map<string, SharedSlot<Closable>>()
  readonly #turns = new Map<string, ReadingTurns>()
  /** What each has counted, whichever config it had meanwhile. */
  readonly #metrics = new Map<string, PipelineMetrics>()
  readonly #closing = new AbortController()

  constructor(options: NamespaceResourcesOptions) {
    this.#options = options
    this.labels = options.labels
  }

  has(role: string, label: string): boolean {
    return this.#slots.has(`${role} ${label}`)
  }

  /** Makes it, or takes the place of the one that is there. A rejection changes nothing. */
  async put(role: ResourceRole, label: string, config: unknown): Promise<void> {
    const key = `${role} ${label}`
    const options = this.#slotOptions(role, label, config)
    const before = this.#slots.get(key)
    if (before !== undefined) return before.replace(options)
    const slot = new SharedSlot(options)
    try {
      await slot.replace(options)
    } catch (error) {
      this.#metrics.delete(key)
      throw error
    }
    this.#slots.set(key, slot)
    this.#options.labels.add(role, label)
  }

  async cache(label: string): Promise<Cache> {
    const slot = this.#slot<Cache>('cache', label)
    await slot.open()
    return {
      get: async (key) => (await slot.held()).value.get(key),
      set: async (key, value, ttlMs) => (await slot.held()).value.set(key, value, ttlMs),
      add: async (key, value, ttlMs) => (await slot.held()).value.add(key, value, ttlMs),
      delete: async (key) => (await slot.held()).value.delete(key),
    }
  }

  async rateLimit(label: string): Promise<RateLimit> {
    const slot = this.#slot<RateLimit>('rate_limit', label)
    await slot.open()
    return { access: async () => (await slot.held()).value.access() }
  }

  input(label: string): Input {
    const turns = this.#turns.get(label) ?? new ReadingTurns()
    this.#turns.set(label, turns)
    return new SharedInput(this.#slot<Input>('input', label), turns)
  }

  output(label: string): Output {
    return new SharedOutput(this.#slot<Output>('output', label))
  }

  processor(label: string): Processor {
    const slot = this.#slot<ProcessorChain>('processor', label)
    return {
      process: async (batch, signal) => {
        const held = await slot.held()
        held.begin()
        try {
          return await held.value.run(batch, signal)
        } finally {
          held.end()
        }
      },
    }
  }

  /** Under their labels. */
  series(): readonly MetricSeries[] {
    return [...this.#metrics.values()].flatMap((metrics) => metrics.series())
  }

  async close(): Promise<void> {
    const slots = [...this.#slots.values()]
    await Promise.allSettled(slots.map((slot) => slot.close()))
    this.#closing.abort(new Error('the server stops'))
  }

  #slot<T extends Closable>(role: ResourceRole, label: string): SharedSlot<T> {
    const slot = this.#slots.get(`${role} ${label}`)
    if (slot !== undefined) return slot as unknown as SharedSlot<T>
    throw new HeadgateError('ComponentUnknown', unknownLabelText(role, label))
  }

  #slotOptions(role: ResourceRole, label: string, config: unknown): SlotOptions<Closable> {
    const given: PipelineEnvironment = { ...this.#options.environmentOf(label, role), shared: this }
    const mask = new VariableMask(config, given.env)
    const environment = { ...given, logger: mask.logger(given.logger) }
    const { value, missing } = interpolateVariables(config, environment.env)
    const key = `${role} ${label}`
    const metrics = this.#metrics.get(key) ?? new PipelineMetrics()
    this.#metrics.set(key, metrics)
    const builder = (): ComponentBuilder =>
      new ComponentBuilder(environment, {
        health: new Health(environment.logger, environment.name, mask, metrics),
        resources: new Map(),
        signal: this.#closing.signal,
      })
    const build = async (): Promise<Closable> => {
      if (missing.length === 0) return builder().resource(role, value, label)
      const message = `required environment variables were not set: [${missing.join(' ')}]`
      throw new HeadgateError('ComponentConfigInvalid', message)
    }
    if (role !== 'input' && role !== 'output') return { build, goesWithUsers: false }
    const connect = (made: Closable): Promise<void> =>
      (made as Input | Output).connect(this.#closing.signal)
    return { build, connect, goesWithUsers: true }
  }
}
