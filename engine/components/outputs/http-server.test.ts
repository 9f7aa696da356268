import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { boundaryOf, partMultipart } from '../http/multipart.ts'
import { started } from '../testing.ts'
import { FETCHING_CLIENTS_MAX } from './http-server.ts'

const pipelines: Pipeline[] = []
const servers: Server[] = []

afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

const counting = (generate: object = {}): object => ({
  generate: { mapping: 'root = ""', interval: '', ...generate },
})

async function serve(
  input: object,
  fields: object = {},
  environment = testEnvironment({ name: 'foo' }),
) {
  const mapping = { mapping: 'root = "m" + counter().string()' }
  const spec = {
    input,
    pipeline: { threads: 1, processors: 'generate' in input ? [mapping] : [] },
    output: { http_server: fields },
  }
  const pipeline = await started(spec, environment)
  pipelines.push(pipeline)
  const server = createServer()
  environment.endpoints.listenOn(server)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { pipeline, environment, url: `http://127.0.0.1:${port}/foo` }
}

/** A client that listens to an answer that goes on. */
async function listening(url: string) {
  const response = await new Promise<IncomingMessage>((resolve) => get(url, resolve))
  let text = ''
  let look = (): void => {}
  response.on('data', (chunk) => {
    text += chunk
    look()
  })
  response.on('error', () => {})
  const ended = new Promise((resolve) => response.on('close', resolve))
  const has = (wanted: string): Promise<string> =>
    new Promise((resolve) => {
      look = () => {
        if (text.startsWith(wanted)) resolve(text)
      }
      look()
    })
  return { response, has, ended }
}

describe('the http_server output', () => {
  test('gives a message to each client that asks, in their order', async () => {
    const { url } = await serve(counting())
    for (const wanted of ['m1', 'm2', 'm3']) {
      const response = await fetch(`${url}/get`)
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
      expect(await response.text()).toBe(wanted)
    }
  })

  test('gives a batch as the parts of one body', async () => {
    const { url } = await serve(counting({ batch_size: 2 }))
    const response = await fetch(`${url}/get`)
    const boundary = boundaryOf(response.headers.get('content-type') ?? '') ?? ''
    const parts = partMultipart(new Uint8Array(await response.arrayBuffer()), boundary)
    expect(parts?.map((part) => Buffer.from(part).toString())).toEqual(['m1', 'm2'])
  })

  test('answers 408 when no message comes in time, and 405 to other methods', async () => {
    const clock = new SimulatedClock()
    const environment = testEnvironment({ name: 'foo', clock })
    const { url } = await serve({ stdin: {} }, { timeout: '7s' }, environment)
    let over = false
    const late = fetch(`${url}/get`).finally(() => {
      over = true
    })
    while (!over) {
      clock.advance(7_000)
      await new Promise(setImmediate)
    }
    expect((await late).status).toBe(408)
    expect((await fetch(`${url}/get`, { method: 'POST' })).status).toBe(405)
  })

  test('gives lines for as long as a client listens, an empty one after a batch', async () => {
    const single = await serve(counting({ count: 2 }))
    const first = await listening(`${single.url}/get/stream`)
    expect(await first.has('m1\nm2\n')).toBe('m1\nm2\n')
    const batches = await serve(counting({ batch_size: 2, count: 4 }))
    const second = await listening(`${batches.url}/get/stream`)
    expect(await second.has('m1\nm2\n\nm3')).toBe('m1\nm2\n\nm3\nm4\n\n')
  })

  test('gives frames to websockets', async () => {
    const { url } = await serve(counting({ count: 3 }))
    const socket = new WebSocket(`${url.replace('http', 'ws')}/get/ws`)
    const texts: string[] = []
    await new Promise<void>((resolve) =>
      socket.on('message', (data) => {
        if (texts.push(String(data)) === 3) resolve()
      }),
    )
    expect(texts).toEqual(['m1', 'm2', 'm3'])
    socket.terminate()
  })

  test('gives to the next client what the one before did not wait for', async () => {
    const { environment, url } = await serve({ stdin: {} })
    const impatient = get(`${url}/get`).on('error', () => {})
    await new Promise<void>((resolve) =>
      servers.at(-1)?.once('request', (_, response) => {
        response.once('close', () => resolve())
        impatient.destroy()
      }),
    )
    environment.stdin.write('one\n')
    expect(await (await fetch(`${url}/get`)).text()).toBe('one')
  })

  test('closes all that is open when it stops', async () => {
    const { pipeline, url, environment } = await serve({ stdin: {} }, { timeout: '' })
    const stream = await listening(`${url}/get/stream`)
    const waiting = fetch(`${url}/get`)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/get/ws`)
    await new Promise((resolve) => socket.on('open', resolve))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    expect(await pipeline.stop(5_000)).toBe('drained')
    expect(await closed).toBe(1001)
    await stream.ended
    expect((await waiting).status).toBe(503)
    expect(environment.endpoints.handlers.size).toBe(0)
  })

  test('cuts a client that does not read when it stops', async () => {
    const clock = new SimulatedClock()
    const environment = testEnvironment({ name: 'foo', clock })
    const large = { mapping: 'root = "x".repeat(4000000)', interval: '', count: 100 }
    const spec = {
      input: { generate: large },
      pipeline: { threads: 1 },
      output: { http_server: {} },
    }
    const pipeline = await started(spec, environment)
    pipelines.push(pipeline)
    const server = createServer()
    environment.endpoints.listenOn(server)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/foo/get/stream`
    const response = await new Promise<IncomingMessage>((resolve) => get(url, resolve))
    response.pause().on('error', () => {})
    const gone = new Promise((resolve) => response.on('close', resolve))
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(pipeline.state().counters.outputSent).toBeLessThan(100)
    let over = false
    const stopped = pipeline.stop(1).finally(() => {
      over = true
    })
    while (!over) {
      clock.advance(1_000)
      await new Promise(setImmediate)
    }
    expect(await stopped).toBe('forced')
    response.resume()
    await gone
  })

  test('lets so many clients wait, and tells one more to come again', async () => {
    const { url } = await serve({ stdin: {} }, { timeout: '' })
    const server = servers.at(-1)
    let come = 0
    const all = new Promise<void>((resolve) =>
      server?.on('request', () => {
        come += 1
        if (come === FETCHING_CLIENTS_MAX) resolve()
      }),
    )
    const waiting = Array.from({ length: FETCHING_CLIENTS_MAX }, () =>
      get(`${url}/get`).on('error', () => {}),
    )
    await all
    expect((await fetch(`${url}/get`)).status).toBe(503)
    for (const request of waiting) request.destroy()
  })

  test('shares the server with an http_server input of the same pipeline', async () => {
    const { url } = await serve({ http_server: {} })
    const posted = fetch(`${url}/post`, { method: 'POST', body: 'one' })
    expect(await (await fetch(`${url}/get`)).text()).toBe('one')
    expect((await posted).status).toBe(200)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/post/ws`)
    socket.on('open', () => socket.send('two'))
    const stream = await listening(`${url}/get/stream`)
    expect(await stream.has('two')).toBe('two\n')
    socket.terminate()
  })

  test('refuses paths that cannot be served', async () => {
    const { problems } = await inspectPipeline({
      input: { stdin: {} },
      output: { http_server: { path: 'a', stream_path: '/{', ws_path: '' } },
    })
    expect(problems.map(({ path }) => path.at(-1))).toEqual(['path', 'stream_path'])
  })
})
