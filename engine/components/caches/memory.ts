/** A map in memory whose entries expire; it is empty again after a restart. */
import { Type } from '../../../crds/typebox.ts'
import type { Cache } from '../../pipelines/cache.ts'
import { type CacheDefinition, defineCache } from '../../pipelines/component.ts'
import { durationField } from '../../pipelines/fields.ts'
import type { Clock } from '../../ports/clock.ts'
import { initialValues, initialValuesField } from './initial-values.ts'

export const memoryCache: CacheDefinition = defineCache({
  name: 'memory',
  status: 'stable',
  effects: 'none',
  summary: 'Values in memory that expire; they are gone after a restart.',
  config: Type.Object({
    default_ttl: durationField({
      description: 'How long a value stays where whoever sets it does not say.',
      default: '5m',
    }),
    compaction_interval: durationField({
      description: 'How often expired values are removed. Empty: nothing ever expires.',
      default: '60s',
    }),
    init_values: initialValuesField('Values that are there from the start, and never expire.'),
    shards: Type.Integer({
      default: 1,
      minimum: 1,
      description: 'Accepted, and without an effect: access to a cache needs no locks here.',
    }),
  }),
  examples: [
    { title: 'Remember for an hour', config: { default_ttl: '1h' } },
    { title: 'A table to look up in', config: { init_values: { de: 'Germany', fr: 'France' } } },
  ],
  build: (config, context) =>
    new MemoryCache({
      clock: context.environment.clock,
      ttlMs: context.durationMs(config.default_ttl),
      compactionMs: context.durationMs(config.compaction_interval),
      values: initialValues(config.init_values),
    }),
})

interface MemoryCacheOptions {
  readonly clock: Clock
  readonly ttlMs: number | undefined
  /** Undefined: nothing expires. */
  readonly compactionMs: number | undefined
  readonly values: Iterable<readonly [string, Uint8Array]>
}

interface Entry {
  readonly value: Uint8Array
  readonly expiresMs: number
}

class MemoryCache implements Cache {
  readonly #options: MemoryCacheOptions
  readonly #entries = new Map<string, Entry>()
  #compactedMs: number

  constructor(options: MemoryCacheOptions) {
    this.#options = options
    this.#compactedMs = options.clock.monotonicMs()
    for (const [key, value] of options.values) {
      this.#entries.set(key, { value, expiresMs: Number.POSITIVE_INFINITY })
    }
  }

  get(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key)
    return entry === undefined || this.#expired(entry) ? undefined : entry.value
  }

  set(key: string, value: Uint8Array, ttlMs: number | undefined): void {
    this.#compact()
    this.#entries.set(key, { value, expiresMs: this.#expiresMs(ttlMs) })
  }

  add(key: string, value: Uint8Array, ttlMs: number | undefined): boolean {
    if (this.get(key) !== undefined) return false
    this.set(key, value, ttlMs)
    return true
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  #expiresMs(ttlMs: number | undefined): number {
    const { clock, compactionMs } = this.#options
    const lifeMs = ttlMs ?? this.#options.ttlMs
    if (compactionMs === undefined || lifeMs === undefined) return Number.POSITIVE_INFINITY
    return clock.monotonicMs() + lifeMs
  }

  #expired({ expiresMs }: Entry): boolean {
    return expiresMs <= this.#options.clock.monotonicMs()
  }

  /** With a write, once the interval is over: a cache that is not written does not grow. */
  #compact(): void {
    const { clock, compactionMs } = this.#options
    const nowMs = clock.monotonicMs()
    if (compactionMs === undefined || nowMs - this.#compactedMs < compactionMs) return
    this.#compactedMs = nowMs
    for (const [key, entry] of this.#entries) if (this.#expired(entry)) this.#entries.delete(key)
  }
}
