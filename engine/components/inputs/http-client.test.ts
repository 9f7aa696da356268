import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { reached, started, toldServer } from '../testing.ts'

const pipelines: Pipeline[] = []
afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
})

async function run(fields: object, environment = testEnvironment(), processors: object[] = []) {
  const quick = { retry_period: '1ms', max_retry_backoff: '1ms' }
  const spec = {
    input: { http_client: { ...quick, ...fields } },
    pipeline: { threads: 1, processors },
    output: { stdout: {} },
  }
  const pipeline = await started(spec, environment)
  pipelines.push(pipeline)
  return { pipeline, environment }
}

async function written({ stdout }: TestEnvironment, count: number): Promise<string[]> {
  for (;;) {
    const lines = stdout.text.split('\n').slice(0, -1)
    if (lines.length >= count) return lines.slice(0, count)
    await new Promise(setImmediate)
  }
}

describe('the http_client input', () => {
  test('asks again and again, and what it asks may depend on what came last', async () => {
    await using server = await toldServer((_, index) => ({
      status: 200,
      body: index === 1 ? '' : `{"n":${index}}`,
    }))
    const url = `${server.url}/after/\${! this.n | "none" }`
    const { environment } = await run({ url, verb: 'POST', payload: 'since ${! this.n | 0 }' })
    expect(await written(environment, 3)).toEqual(['{"n":0}', '{"n":2}', '{"n":3}'])
    expect(server.received.slice(0, 4).map((one) => [one.url, one.body])).toEqual([
      ['/after/none', 'since 0'],
      ['/after/0', 'since 0'],
      ['/after/0', 'since 0'],
      ['/after/2', 'since 2'],
    ])
  })

  test('takes bodies that are empty where it is told to, and headers that it is told of', async () => {
    await using server = await toldServer(() => ({ status: 200, headers: { 'X-A': 'b' } }))
    const extract_headers = { include_prefixes: ['x-'] }
    const mapping =
      'root = content().string() + metadata("x-a") + if @http_status_code == 200 { " is fine" }'
    const fields = { url: server.url, drop_empty_bodies: false, extract_headers }
    const { environment } = await run(fields, testEnvironment(), [{ mapping }])
    expect(await written(environment, 1)).toEqual(['b is fine'])
  })

  test('sends its payload with a GET, and takes a redirect that it is not to follow', async () => {
    await using server = await toldServer(() => ({ status: 302, body: 'moved' }))
    const fields = { url: server.url, payload: 'search', follow_redirects: false }
    const { environment } = await run(fields)
    expect(await written(environment, 1)).toEqual(['moved'])
    expect(server.received[0]).toMatchObject({ method: 'GET', body: 'search' })
  })

  test('goes on after failures, and says of a server that is away that it is not connected', async () => {
    await using server = await toldServer((_, index) => {
      if (index === 0) return undefined
      return index === 1 ? { status: 500 } : { status: 200, body: 'x' }
    })
    const clock = new SimulatedClock()
    const fields = { url: server.url, retries: 0, timeout: '' }
    const { environment, pipeline } = await run(fields, testEnvironment({ clock }))
    while (pipeline.state().connected) await new Promise(setImmediate)
    while (environment.stdout.text === '') {
      clock.advance(1_000)
      await new Promise(setImmediate)
    }
    expect(pipeline.state().connected).toBe(true)
  })

  test('asks as often as its rate limit allows', async () => {
    await using server = await toldServer(() => ({ status: 200, body: 'x' }))
    const clock = new SimulatedClock()
    const spec = {
      input: { http_client: { url: server.url, rate_limit: 'few', timeout: '' } },
      output: { drop: {} },
      rate_limit_resources: [{ label: 'few', local: { count: 1, interval: '1m' } }],
    }
    pipelines.push(await started(spec, testEnvironment({ clock })))
    await server.answered(1)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(server.received).toHaveLength(1)
    clock.advance(60_000)
    await server.answered(2)
  })
})

describe('an answer that goes on', () => {
  /** A server whose answers are written by the test. */
  async function streaming() {
    const answers: ServerResponse[] = []
    const server = createServer((_, response) => {
      response.flushHeaders()
      answers.push(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const answer = async (index: number): Promise<ServerResponse> => {
      for (;;) {
        const found = answers[index]
        if (found !== undefined) return found
        await new Promise(setImmediate)
      }
    }
    const close = async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    return { url: `http://127.0.0.1:${port}`, answer, [Symbol.asyncDispose]: close }
  }

  test('is read message by message, and ends the input where it is not to be asked again', async () => {
    await using server = await streaming()
    const stream = { enabled: true, reconnect: false }
    const running = run({ url: server.url, stream })
    const answer = await server.answer(0)
    const { pipeline, environment } = await running
    answer.write('one\ntw')
    expect(await written(environment, 1)).toEqual(['one'])
    answer.end('o\nthree')
    await reached(pipeline, 'completed')
    expect(environment.stdout.text).toBe('one\ntwo\nthree\n')
  })

  test('is asked for again when it ended or broke off', async () => {
    await using server = await streaming()
    const clock = new SimulatedClock()
    const stream = { enabled: true, scanner: { json_documents: {} } }
    const running = run({ url: server.url, stream, timeout: '' }, testEnvironment({ clock }))
    const first = await server.answer(0)
    const { environment } = await running
    first.end('{"a":1}')
    const second = await whileTimePasses(clock, server.answer(1))
    second.write('{"a":2}{"a"')
    await written(environment, 2)
    second.destroy()
    const third = await whileTimePasses(clock, server.answer(2))
    third.write('{"a":3}')
    expect(await written(environment, 3)).toEqual(['{"a":1}', '{"a":2}', '{"a":3}'])
  })

  test('is cut when the pipeline stops', async () => {
    await using server = await streaming()
    const running = run({ url: server.url, stream: { enabled: true } })
    const answer = await server.answer(0)
    const cut = new Promise((resolve) => answer.on('close', resolve))
    const { pipeline } = await running
    expect(await pipeline.stop(5_000)).toBe('drained')
    await cut
  })
})

async function whileTimePasses<T>(clock: SimulatedClock, promise: Promise<T>): Promise<T> {
  let over = false
  const done = promise.finally(() => {
    over = true
  })
  while (!over) {
    clock.advance(1_000)
    await new Promise(setImmediate)
  }
  return done
}
