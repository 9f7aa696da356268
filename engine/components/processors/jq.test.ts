import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { Message } from '../../pipelines/message.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { FOREIGN_DEADLINE_MS } from '../foreign-code/foreign-thread.ts'
import { processorsOf, runProcessors } from '../run-processors.ts'

const text = (message: Message): string => Buffer.from(message.content()).toString()

async function emitted(jq: object, ...given: unknown[]) {
  const run = await runProcessors([{ jq }], given)
  return { texts: run.messages.map(text), failures: run.failures }
}

describe('jq', () => {
  test('filters by emitting nothing, makes a list of several, and keeps texts quoted', async () => {
    const { texts } = await emitted({ query: '.[]' }, [], ['a'], [1, 'b'])
    expect(texts).toEqual(['"a"', '[1,"b"]'])
  })

  test('writes texts as they are where it is told to, and several in lines', async () => {
    const { texts } = await emitted({ query: '.[]', output_raw: true }, ['a'], [1, 'b'], [{ c: 1 }])
    expect(texts).toEqual(['a', '1\nb', '{"c":1}'])
  })

  test('reads the content as one text where it is told to', async () => {
    const query = 'split(",") | length'
    expect((await emitted({ query, raw: true }, 'a,b"\n,c')).texts).toEqual(['3'])
  })

  test('hands on numbers as they are written', async () => {
    const given = ['{"a":9007199254740993}', '{"a":1.10}', '{"a":100000000000000000000}']
    expect((await emitted({ query: '.' }, ...given)).texts).toEqual(given)
  })

  test('knows the metadata, and takes definitions and comments', async () => {
    const message = Message.fromBytes(Buffer.from('{"a":1}'), new Map([['k', 'v']]))
    const query = 'def f: $metadata.k; {m: f} # and no more'
    expect((await emitted({ query }, message)).texts).toEqual(['{"m":"v"}'])
  })

  test('flags what fails and what is no document, and goes on with the rest', async () => {
    const query = 'if . == 1 then error({a: 1}) elif . == 2 then halt_error else .a end'
    const given = [1, { a: 'x' }, 3, '[1, 2', { a: 'y' }]
    const { texts, failures } = await emitted({ query }, ...given)
    expect(texts).toEqual(['1', '"x"', '3', '[1, 2', '"y"'])
    expect(failures).toEqual([
      '{"a":1}',
      undefined,
      expect.stringContaining('Cannot index number'),
      expect.stringContaining('JSON'),
      undefined,
    ])
  })

  test('lets one message that ends the query fail alone', async () => {
    const query = 'if . == 2 then halt else . end'
    const { texts, failures } = await emitted({ query }, 1, 2, 3)
    expect(texts).toEqual(['1', '2', '3'])
    expect(failures.map((one) => one !== undefined)).toEqual([false, true, false])
  })

  test('flags a query that takes more memory than there is', async () => {
    const query = 'if . == 2 then [range(1e9)] | length else . end'
    const { texts, failures } = await emitted({ query }, 1, 2)
    expect(texts).toEqual(['1', '2'])
    expect(failures.map((one) => one !== undefined)).toEqual([false, true])
  })

  test('takes as long as the limit, and no longer', async () => {
    const clock = new SimulatedClock()
    const environment = testEnvironment({ clock })
    const run = await processorsOf([{ jq: { query: 'def f: f; f' } }], { environment })
    const timers = clock.timers
    let ended = false
    const hung = run([1]).finally(() => {
      ended = true
    })
    while (clock.timers === timers) await new Promise(setImmediate)
    await clock.advance(FOREIGN_DEADLINE_MS - 1)
    expect(ended).toBe(false)
    await clock.advance(1)
    expect((await hung).failures).toEqual([`it took longer than ${FOREIGN_DEADLINE_MS} ms`])
  })

  test('ends with the pipeline, whatever it is doing', async () => {
    const stop = new AbortController()
    const run = await processorsOf([{ jq: { query: 'def f: f; f' } }], { signal: stop.signal })
    const hung = run([1])
    stop.abort(new Error('stopped'))
    expect((await hung).failures).toEqual([expect.stringContaining('stopped')])
  })

  test.each([
    ['.a[', 'line 1 has an error: syntax error, unexpected end of file'],
    ['.a |\n.b foo | .c', 'line 2 has an error: syntax error, unexpected IDENT'],
    ['.a\n| nope(1)', 'line 2 has an error: nope/1 is not defined'],
    ['.) , (.', 'line 1 has an error: syntax error'],
    ['', 'line 1 has an error: syntax error, unexpected end of file'],
  ])('refuses the query %j, and says where jq finds what', async (query, why) => {
    const refused = runProcessors([{ jq: { query } }], [])
    await expect(refused).rejects.toThrow(`expected a query of jq, got one whose ${why}`)
    const { problems } = await inspectPipeline({ pipeline: { processors: [{ jq: { query } }] } })
    expect(problems.filter(({ path }) => path.includes('query'))).toMatchObject([
      {
        path: ['pipeline', 'processors', 0, 'jq', 'query'],
        message: expect.stringContaining(`expected a query of jq, got one whose ${why}`),
      },
    ])
  })
})
