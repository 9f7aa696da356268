import { afterEach, describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { createStream, produce, runToEnd, started, type Told, toldServer } from '../testing.ts'

const pipelines: Pipeline[] = []
afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
})

const one = { generate: { mapping: 'root = "x"\nmeta to = "here"', interval: '', count: 1 } }
const quick = { retry_period: '1ms', max_retry_backoff: '2ms' }

describe('the http_client output', () => {
  test('sends each message, with what its fields say of it', async () => {
    await using server = await toldServer(() => ({ status: 200 }))
    const http_client = {
      url: `${server.url}/\${! @to }`,
      verb: 'PUT',
      headers: { 'X-To': '${! @to }' },
    }
    await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(server.received).toMatchObject([
      { url: '/here', method: 'PUT', body: 'x', headers: { 'x-to': 'here' } },
    ])
  })

  test('tries as often as it was told, then has the pipeline repeat the message', async () => {
    const answers: (Told | undefined)[] = [{ status: 500 }, undefined, { status: 429 }]
    await using server = await toldServer((_, index) =>
      index < answers.length ? answers[index] : { status: 200 },
    )
    const http_client = { url: server.url, retries: 1, ...quick }
    const pipeline = await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(server.received).toHaveLength(4)
    expect(pipeline.state().counters).toMatchObject({ outputErrors: 1, outputSent: 1 })
  })

  test('does not retry what drop_on names, and takes what successful_on names', async () => {
    await using server = await toldServer((_, index) => ({ status: index === 0 ? 400 : 304 }))
    const http_client = { url: server.url, drop_on: [400], successful_on: [304], ...quick }
    const pipeline = await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(server.received).toHaveLength(2)
    expect(pipeline.state().counters.outputErrors).toBe(1)
  })

  test('gives the place of a record as its Idempotency-Key', async () => {
    await using server = await toldServer(() => ({ status: 200 }))
    const environment = testEnvironment()
    await createStream(environment.engine, 'a')
    await produce(environment.engine, 'a', [{ data: Buffer.from('x') }])
    const incarnation = environment.streams.resolve('default', 'a')?.incarnation
    const spec = { input: { stream: { name: 'a' } }, output: { http_client: { url: server.url } } }
    pipelines.push(await started(spec, environment))
    await server.answered(1)
    expect(server.received[0]?.headers['idempotency-key']).toBe(`a/${incarnation}/0/1-1`)
  })

  test('refuses fields that it does not honour', async () => {
    for (const [field, value] of [
      ['oauth2', {}],
      ['tls', {}],
      ['batch_as_multipart', true],
      ['propagate_response', true],
    ] as const) {
      const { problems } = await inspectPipeline({
        input: { stdin: {} },
        output: { http_client: { url: 'http://x', [field]: value } },
      })
      expect(problems[0]?.path).toEqual(['output', 'http_client', field])
    }
  })
})
