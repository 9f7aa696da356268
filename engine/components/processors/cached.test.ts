import { describe, expect, test } from 'vitest'
import { processorsOf, runProcessors } from '../run-processors.ts'

const resources = { cache_resources: [{ label: 'c', memory: { init_values: { foreign: '7' } } }] }
const config = { cache: 'c', key: '${! this.k }', processors: [{ mapping: 'root.of = this.n' }] }

describe('cached', () => {
  test('gives what was made of the first message to all with its key', async () => {
    const run = await processorsOf([{ cached: config }], { resources })
    const given = [
      { k: 'a', n: 1 },
      { k: 'b', n: 2 },
      { k: 'a', n: 3 },
    ]
    expect((await run(given)).batches).toEqual([[{ of: 1 }, { of: 2 }, { of: 1 }]])
    expect((await run([{ k: 'b', n: 9 }])).batches).toEqual([[{ of: 2 }]])
  })

  test('keeps several messages, none, any bytes, and the metadata', async () => {
    const processors = [
      { unarchive: { format: 'json_array' } },
      { mapping: 'root = "/w==".decode("base64")\nmeta n = this' },
    ]
    const key = '${! content() }'
    const run = await processorsOf([{ cached: { ...config, key, processors } }], { resources })
    for (let round = 0; round < 2; round++) {
      const { messages } = await run([[1, 2]])
      expect(messages.map((one) => [...one.content()])).toEqual([[255], [255]])
      expect(messages.map((one) => one.metadata('n'))).toEqual([1, 2])
      expect((await run([[]])).batches).toEqual([])
    }
  })

  test('keeps nothing that failed, nor what skip_on names or fails for', async () => {
    const failing = [{ mapping: 'root = if this.n == 1 { throw("one") } else { {"of": this.n} }' }]
    const resultAfter = async (more: object) => {
      const run = await processorsOf([{ cached: { ...config, ...more } }], { resources })
      await run([{ k: 'a', n: 1 }])
      return (await run([{ k: 'a', n: 2 }])).batches
    }
    expect(await resultAfter({ processors: failing })).toEqual([[{ of: 2 }]])
    expect(await resultAfter({ skip_on: 'this.of == 1' })).toEqual([[{ of: 2 }]])
    expect(await resultAfter({ skip_on: 'this.of == 3' })).toEqual([[{ of: 1 }]])
    expect(await resultAfter({ skip_on: 'throw("no")' })).toEqual([[{ of: 2 }]])
  })

  test('flags a message whose value somebody else wrote', async () => {
    const { failures } = await runProcessors([{ cached: config }], [{ k: 'foreign', n: 1 }], {
      resources,
    })
    expect(failures).toEqual([expect.stringContaining('expected a result that cached wrote')])
  })
})
