import { describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { processorsOf, runProcessors } from '../run-processors.ts'

const resources = { cache_resources: [{ label: 'c', memory: { init_values: { known: '"v"' } } }] }
const use = (operator: string, more: object = {}) => ({
  cache: { resource: 'c', operator, key: '${! this.k }', ...more },
})

describe('the cache processor', () => {
  test('sets, gets and deletes, each message its own key', async () => {
    const run = await processorsOf(
      [use('set', { value: '${! this.v }' }), { mapping: 'root.k = this.k' }, use('get')],
      { resources },
    )
    const { batches } = await run([
      { k: 'a', v: 1 },
      { k: 'b', v: 2 },
    ])
    expect(batches).toEqual([[1, 2]])
  })

  test('get flags what is not there, and leaves it as it was', async () => {
    const { batches, failures } = await runProcessors([use('get')], [{ k: 'no' }, { k: 'known' }], {
      resources,
    })
    expect(batches).toEqual([[{ k: 'no' }, 'v']])
    expect(failures).toEqual(['key does not exist: "no"', undefined])
  })

  test('add flags what is there already', async () => {
    const { failures } = await runProcessors([use('add')], [{ k: 'a' }, { k: 'a' }], { resources })
    expect(failures).toEqual([undefined, 'key already exists: "a"'])
  })

  test('exists says whether a key is there, and delete removes it', async () => {
    const { batches } = await runProcessors(
      [{ branch: { processors: [use('delete')] } }, use('exists')],
      [{ k: 'known' }],
      { resources },
    )
    expect(batches).toEqual([[false]])
    expect((await runProcessors([use('exists')], [{ k: 'known' }], { resources })).batches).toEqual(
      [[true]],
    )
  })

  test('a value stays as long as its ttl says, and a wrong one flags the message', async () => {
    const clock = new SimulatedClock()
    const environment = testEnvironment({ clock })
    const run = await processorsOf([use('add', { ttl: '${! this.ttl }' })], {
      environment,
      resources,
    })
    expect((await run([{ k: 'a', ttl: '1s' }])).failures).toEqual([undefined])
    await clock.advance(1_000)
    expect((await run([{ k: 'a', ttl: '1s' }])).failures).toEqual([undefined])
    expect((await run([{ k: 'b', ttl: 'soon' }])).failures).toEqual([
      expect.stringContaining('expected a duration'),
    ])
  })
})
