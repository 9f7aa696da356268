/** Caches behind caches: what is found further back is remembered nearer by. */
import { Type } from '../../../crds/typebox.ts'
import type { Cache } from '../../pipelines/cache.ts'
import { type CacheDefinition, defineCache } from '../../pipelines/component.ts'
import { cacheField } from '../../pipelines/fields.ts'

export const multilevel: CacheDefinition = defineCache({
  name: 'multilevel',
  status: 'stable',
  effects: 'none',
  summary: 'Caches behind caches, the nearest first.',
  description:
    'A value is looked for from the first to the last, and what is found further back is set in those before. ' +
    'Setting and deleting goes to all. The last one decides whether a key can be added.',
  config: Type.Array(cacheField({ description: 'The label of a cache.' }), {
    minItems: 2,
    description: 'The labels of the caches, the nearest first.',
  }),
  build: async (labels, context) => {
    const caches: Cache[] = []
    for (const label of labels) caches.push(await context.cache(label))
    return new Multilevel(caches)
  },
})

class Multilevel implements Cache {
  readonly #caches: readonly Cache[]

  constructor(caches: readonly Cache[]) {
    this.#caches = caches
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    for (const [level, cache] of this.#caches.entries()) {
      const value = await cache.get(key)
      if (value === undefined) continue
      for (const nearer of this.#caches.slice(0, level)) await nearer.set(key, value, undefined)
      return value
    }
    return undefined
  }

  /** From the back, so that what is near never knows more than what is far. */
  async set(key: string, value: Uint8Array, ttlMs: number | undefined): Promise<void> {
    for (const cache of this.#caches.toReversed()) await cache.set(key, value, ttlMs)
  }

  async add(key: string, value: Uint8Array, ttlMs: number | undefined): Promise<boolean> {
    const nearer = this.#caches.slice(0, -1)
    for (const cache of nearer) if ((await cache.get(key)) !== undefined) return false
    if ((await this.#caches.at(-1)?.add(key, value, ttlMs)) === false) return false
    for (const cache of nearer) await cache.set(key, value, ttlMs)
    return true
  }

  async delete(key: string): Promise<void> {
    for (const cache of this.#caches.toReversed()) await cache.delete(key)
  }
}
