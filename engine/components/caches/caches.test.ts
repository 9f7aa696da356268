/** What every cache promises, over each of them; and what is each one's own. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { Cache } from '../../pipelines/cache.ts'
import type { CacheDefinition } from '../../pipelines/component.ts'
import { conformConfig } from '../../pipelines/config-check.ts'
import { parseConnectDuration } from '../../pipelines/connect-duration.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { fileCache } from './file.ts'
import { lru } from './lru.ts'
import { memoryCache } from './memory.ts'
import { multilevel } from './multilevel.ts'
import { noopCache } from './noop.ts'
import { ttlru } from './ttlru.ts'

let directory = ''
let clock = new SimulatedClock()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-caches-'))
  clock = new SimulatedClock()
})
afterEach(() => rm(directory, { recursive: true }))

async function cacheOf(
  definition: CacheDefinition,
  config: unknown,
  others: Readonly<Record<string, Cache>> = {},
): Promise<Cache> {
  const context: Partial<BuildContext> = {
    environment: testEnvironment({ directory, clock }),
    durationMs: (text) => {
      const duration = parseConnectDuration(text)
      return duration.kind === 'duration' ? duration.ms : undefined
    },
    cache: async (label) => others[label] ?? expect.unreachable(label),
  }
  return definition.build(
    conformConfig(definition.config, config) as never,
    context as BuildContext,
  ) as Promise<Cache>
}

const bytes = (text: string): Uint8Array => Buffer.from(text)
const read = async (cache: Cache, key: string): Promise<string | undefined> => {
  const value = await cache.get(key)
  return value === undefined ? undefined : Buffer.from(value).toString()
}

const twoLevels = async (): Promise<Cache> =>
  cacheOf(multilevel, ['near', 'far'], {
    near: await cacheOf(lru, {}),
    far: await cacheOf(memoryCache, {}),
  })

describe.each<[string, () => Promise<Cache>]>([
  ['memory', () => cacheOf(memoryCache, {})],
  ['lru', () => cacheOf(lru, {})],
  ['lru by ARC', () => cacheOf(lru, { algorithm: 'arc' })],
  ['lru by 2Q', () => cacheOf(lru, { algorithm: 'two_queues' })],
  ['ttlru', () => cacheOf(ttlru, {})],
  ['file', () => cacheOf(fileCache, { directory: 'cache' })],
  ['multilevel', twoLevels],
])('the %s cache', (_, make) => {
  test('gives what was set last, and nothing for another key', async () => {
    const cache = await make()
    await cache.set('a', bytes('one'), undefined)
    await cache.set('a', bytes('two'), undefined)
    expect(await read(cache, 'a')).toBe('two')
    expect(await read(cache, 'b')).toBeUndefined()
  })

  test('adds a key once, and leaves what is there alone', async () => {
    const cache = await make()
    expect(await cache.add('a', bytes('one'), undefined)).toBe(true)
    expect(await cache.add('a', bytes('two'), undefined)).toBe(false)
    expect(await read(cache, 'a')).toBe('one')
  })

  test('forgets what is deleted, and may delete what is not there', async () => {
    const cache = await make()
    await cache.set('a', bytes('one'), undefined)
    await cache.delete('a')
    await cache.delete('a')
    expect(await read(cache, 'a')).toBeUndefined()
    expect(await cache.add('a', bytes('two'), undefined)).toBe(true)
  })

  test('keeps empty values apart from none', async () => {
    const cache = await make()
    await cache.set('a', bytes(''), undefined)
    expect(await read(cache, 'a')).toBe('')
    expect(await cache.add('a', bytes('x'), undefined)).toBe(false)
  })
})

describe('the memory cache', () => {
  test('forgets a value when its time is over, and not a moment before', async () => {
    const cache = await cacheOf(memoryCache, { default_ttl: '10s' })
    await cache.set('default', bytes('x'), undefined)
    await cache.set('own', bytes('x'), 20_000)
    await clock.advance(9_999)
    expect(await read(cache, 'default')).toBe('x')
    await clock.advance(1)
    expect(await read(cache, 'default')).toBeUndefined()
    expect(await read(cache, 'own')).toBe('x')
    expect(await cache.add('default', bytes('y'), undefined)).toBe(true)
  })

  test('never forgets without compaction, nor what it held from the start', async () => {
    const values = { default_ttl: '1s', init_values: { de: 'Germany', one: 1 } }
    const table = await cacheOf(memoryCache, values)
    const lasting = await cacheOf(memoryCache, { default_ttl: '1s', compaction_interval: '' })
    await lasting.set('a', bytes('x'), undefined)
    await clock.advance(86_400_000)
    await table.set('other', bytes('x'), undefined)
    expect(await read(table, 'de')).toBe('Germany')
    expect(await read(table, 'one')).toBe('1')
    expect(await read(lasting, 'a')).toBe('x')
  })
})

describe('caches of so many values', () => {
  test.each([
    ['lru', lru],
    ['ttlru', ttlru],
  ])('%s lets go of what was used longest ago', async (_, definition) => {
    const cache = await cacheOf(definition, { cap: 2, init_values: { a: '1' } })
    await cache.set('b', bytes('2'), undefined)
    await cache.get('a')
    await cache.set('c', bytes('3'), undefined)
    expect([await read(cache, 'a'), await read(cache, 'b'), await read(cache, 'c')]).toEqual([
      '1',
      undefined,
      '3',
    ])
  })

  test.each([{ default_ttl: '10s' }, { ttl: '10s' }])(
    'ttlru keeps a value for a while after its last use: %j',
    async (life) => {
      const cache = await cacheOf(ttlru, life)
      await cache.set('a', bytes('x'), undefined)
      await clock.advance(9_999)
      expect(await read(cache, 'a')).toBe('x')
      await clock.advance(9_999)
      expect(await read(cache, 'a')).toBe('x')
      await clock.advance(10_000)
      expect(await read(cache, 'a')).toBeUndefined()
    },
  )
})

describe('the file cache', () => {
  test('is there again after a restart, and leaves nothing half-written', async () => {
    const first = await cacheOf(fileCache, { directory: './cache' })
    await first.set('2026/a', bytes('x'), undefined)
    await first.add('2026/a', bytes('y'), undefined)
    const second = await cacheOf(fileCache, { directory: './cache' })
    expect(await read(second, '2026/a')).toBe('x')
    expect(await readdir(join(directory, 'cache'))).toEqual(['2026'])
  })

  test('tells one of many who add a key at once that it was the first', async () => {
    const cache = await cacheOf(fileCache, { directory: 'cache' })
    const adding = Array.from({ length: 20 }, (_, n) => cache.add('a', bytes(`${n}`), undefined))
    const added = await Promise.all(adding)
    expect(added.filter((one) => one)).toHaveLength(1)
    expect(await read(cache, 'a')).toBe(String(added.indexOf(true)))
  })

  test.each(['../out', '..', '', '.', '/etc/passwd', 'a/../../out', 'a\0b'])(
    'refuses the key %j, which leads out of its folder',
    async (key) => {
      const cache = await cacheOf(fileCache, { directory: 'cache' })
      await expect(cache.set(key, bytes('x'), undefined)).rejects.toThrow('expected a key')
      await expect(cache.get(key)).rejects.toThrow('expected a key')
      await expect(cache.delete(key)).rejects.toThrow('expected a key')
      expect(await readdir(directory)).toEqual([])
    },
  )
})

describe('caches behind caches', () => {
  test('remember nearer by what was found further back', async () => {
    const near = await cacheOf(lru, {})
    const far = await cacheOf(memoryCache, {})
    const both = await cacheOf(multilevel, ['near', 'far'], { near, far })
    await far.set('a', bytes('x'), undefined)
    expect(await read(near, 'a')).toBeUndefined()
    expect(await read(both, 'a')).toBe('x')
    expect(await read(near, 'a')).toBe('x')
    expect(await both.add('a', bytes('y'), undefined)).toBe(false)
  })

  test('leave it to the last whether a key is there', async () => {
    const near = await cacheOf(lru, {})
    const far = await cacheOf(memoryCache, {})
    const both = await cacheOf(multilevel, ['near', 'far'], { near, far })
    await far.set('a', bytes('x'), undefined)
    expect(await both.add('a', bytes('y'), undefined)).toBe(false)
    expect(await read(near, 'a')).toBeUndefined()
  })
})

test('the noop cache forgets everything', async () => {
  const cache = await cacheOf(noopCache, {})
  await cache.set('a', bytes('x'), undefined)
  expect(await read(cache, 'a')).toBeUndefined()
  expect(await cache.add('a', bytes('x'), undefined)).toBe(true)
  expect(await cache.add('a', bytes('x'), undefined)).toBe(true)
})
