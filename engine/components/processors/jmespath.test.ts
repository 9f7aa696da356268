import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { PADDED_LENGTH_MAX } from '../jmespath.ts'
import { runProcessors } from '../run-processors.ts'

const found = async (query: string, ...given: unknown[]) => {
  const run = await runProcessors([{ jmespath: { query } }], given)
  return { ...run, texts: run.messages.map((message) => Buffer.from(message.content()).toString()) }
}

describe('jmespath', () => {
  test('hands numbers on that a double does not hold', async () => {
    const { texts } = await found('a[1]', '{"a": [1, 9007199254740993]}', '{"a": [1, 1.50]}')
    expect(texts).toEqual(['9007199254740993', '1.5'])
  })

  test('finds no keys that the document does not have', async () => {
    const { batches } = await found('[constructor, toString, "__proto__"]', {}, '{"__proto__": 1}')
    expect(batches).toEqual([
      [
        [null, null, null],
        [null, null, 1],
      ],
    ])
  })

  test('flags what fails and what is no document, and leaves it as it was', async () => {
    const { batches, failures } = await found('sum(a)', { a: [1, 2] }, { a: 'x' }, 'no JSON')
    expect(batches).toEqual([[3, { a: 'x' }, 'no JSON']])
    expect(failures[0]).toBeUndefined()
    expect(failures[1]).toContain('sum()')
    expect(failures[2]).toContain('JSON')
  })

  test('pads as far as the limit, and no further', async () => {
    const widths = [{ n: PADDED_LENGTH_MAX }, { n: PADDED_LENGTH_MAX + 1 }]
    const { messages, failures } = await found("pad_left('x', n)", ...widths)
    expect(messages[0]?.content()).toHaveLength(PADDED_LENGTH_MAX)
    expect(failures[1]).toContain(`expected a width from 0 to ${PADDED_LENGTH_MAX}`)
  })

  test('refuses a query that is none', async () => {
    for (const query of ['a[', '('.repeat(50_000)]) {
      const spec = { pipeline: { processors: [{ jmespath: { query } }] } }
      const { problems } = await inspectPipeline(spec)
      expect(problems).toMatchObject([{ path: ['pipeline', 'processors', 0, 'jmespath', 'query'] }])
    }
  })
})
