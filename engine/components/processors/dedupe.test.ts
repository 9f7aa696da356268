import { describe, expect, test } from 'vitest'
import { processorsOf, runProcessors } from '../run-processors.ts'

const seen = { cache_resources: [{ label: 'seen', memory: {} }] }
/** Every key leads out of its folder, so every access fails. */
const broken = { cache_resources: [{ label: 'seen', file: { directory: 'nowhere' } }] }
const config = { cache: 'seen', key: '${! this.id }' }

describe('dedupe', () => {
  test('lets the first of a key through, within a batch and between batches', async () => {
    const run = await processorsOf([{ dedupe: config }], { resources: seen })
    expect((await run([{ id: 1, n: 1 }, { id: 1, n: 2 }, { id: 2 }])).batches).toEqual([
      [{ id: 1, n: 1 }, { id: 2 }],
    ])
    expect((await run([{ id: 2 }, { id: 1 }])).batches).toEqual([])
  })

  test('shares what was seen among all that name the cache', async () => {
    const { batches } = await runProcessors([{ dedupe: config }, { dedupe: config }], [{ id: 1 }], {
      resources: seen,
    })
    expect(batches).toEqual([])
  })

  test('drops what the cache fails for, or passes it on flagged', async () => {
    const key = '../${! this.id }'
    const options = { resources: broken }
    const dropping = await runProcessors([{ dedupe: { ...config, key } }], [{ id: 1 }], options)
    expect(dropping.batches).toEqual([])
    const passing = { dedupe: { ...config, key, drop_on_err: false } }
    const passed = await runProcessors([passing], [{ id: 1 }, { id: 2 }], options)
    expect(passed.batches).toEqual([[{ id: 1 }, { id: 2 }]])
    expect(passed.failures).toEqual([
      expect.stringContaining('expected a key'),
      expect.stringContaining('expected a key'),
    ])
  })

  test('flags what has no key, and goes on with the next', async () => {
    const key = '${! this.id.not_null() }'
    const { batches, failures } = await runProcessors(
      [{ dedupe: { ...config, key } }],
      [{}, { id: 1 }, {}],
      { resources: seen },
    )
    expect(batches).toEqual([[{}, { id: 1 }, {}]])
    expect(failures[1]).toBeUndefined()
    expect(failures[0]).toBeDefined()
  })
})
