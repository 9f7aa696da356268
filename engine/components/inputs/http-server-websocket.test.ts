import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { interpolationOf, OFFLINE } from '../../pipelines/bloblang-fields.ts'
import { conformConfig } from '../../pipelines/config-check.ts'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { started } from '../testing.ts'
import { HttpServerInput, httpServer } from './http-server.ts'

const pipelines: Pipeline[] = []
const servers: Server[] = []
const sockets: WebSocket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function shared({ endpoints }: TestEnvironment): Promise<string> {
  const server = createServer()
  endpoints.listenOn(server)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function serve(fields: object, rest: object, environment = testEnvironment({ name: 'in' })) {
  const spec = { input: { http_server: fields }, output: { stdout: {} }, ...rest }
  const pipeline = await started(spec, environment)
  pipelines.push(pipeline)
  return { pipeline, environment, url: await shared(environment) }
}

/** A client, open, with what it was sent. */
async function client(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url, { headers })
  sockets.push(socket)
  const texts: string[] = []
  let look = (): void => {}
  socket.on('message', (data) => {
    texts.push(String(data))
    look()
  })
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  const received = (count: number): Promise<string[]> =>
    new Promise((resolve) => {
      look = () => {
        if (texts.length >= count) resolve(texts)
      }
      look()
    })
  return { socket, received, closed }
}

describe('the websockets of an http_server', () => {
  test('bring a message a frame, and take the responses', async () => {
    const mapping = 'root = [content().string(), @tenant, @"X-A", @http_server_verb]'
    const { url } = await serve(
      { ws_path: '/{tenant}/ws', ws_welcome_message: 'hello' },
      { pipeline: { processors: [{ mapping }] }, output: { sync_response: {} } },
    )
    const { socket, received } = await client(`${url}/in/a/ws`, { 'X-A': 'b' })
    socket.send('one')
    socket.send(Buffer.from('two'))
    expect(await received(3)).toEqual(['hello', '["one","a","b","GET"]', '["two","a","b","GET"]'])
  })

  test('drop what is beyond the rate limit, and say so', async () => {
    const environment = testEnvironment({ name: 'in', clock: new SimulatedClock() })
    const { url } = await serve(
      { rate_limit: 'few', ws_rate_limit_message: 'slower' },
      {
        output: { sync_response: {} },
        rate_limit_resources: [{ label: 'few', local: { count: 1, interval: '1m' } }],
      },
      environment,
    )
    const { socket, received } = await client(`${url}/in/post/ws`)
    for (const text of ['one', 'two', 'three']) socket.send(text)
    expect(await received(3)).toEqual(['one', 'slower', 'slower'])
  })

  test('keep a message until it is delivered', async () => {
    const { url, environment } = await serve(
      {},
      {
        output: {
          switch: {
            cases: [
              { check: 'count("tries") < 3', output: { reject: 'not yet' } },
              { output: { stdout: {} } },
            ],
          },
        },
      },
    )
    const { socket } = await client(`${url}/in/post/ws`)
    socket.send('x')
    while (environment.stdout.text !== 'x\n') await new Promise(setImmediate)
    expect(environment.stdout.text).toBe('x\n')
  })

  test('are closed when the pipeline stops', async () => {
    const { url, pipeline } = await serve({}, {})
    const { closed } = await client(`${url}/in/post/ws`)
    expect(await pipeline.stop(5_000)).toBe('drained')
    expect(await closed).toBe(1001)
  })

  test('are asked for by whoever comes without one, and may share the path of the posts', async () => {
    const { url } = await serve({ path: '/x', ws_path: '/x' }, { output: { sync_response: {} } })
    const { socket, received } = await client(`${url}/in/x`)
    socket.send('one')
    expect(await received(1)).toEqual(['one'])
    const posted = await fetch(`${url.replace('ws', 'http')}/in/x`, { method: 'POST', body: 'two' })
    expect(await posted.text()).toBe('two')
    const other = await serve({}, {})
    const plain = await fetch(`${other.url.replace('ws', 'http')}/in/post/ws`)
    expect(plain.status).toBe(426)
  })

  test('are refused to pages of other origins at a listener of its own', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    await new Promise((resolve) => taken.close(resolve))
    const cors = { enabled: true, allowed_origins: ['https://a.example'] }
    await serve({ address: `127.0.0.1:${port}`, cors }, {})
    const url = `ws://127.0.0.1:${port}/post/ws`
    await client(url, { origin: 'https://a.example' })
    await client(url, { origin: `http://127.0.0.1:${port}` })
    await expect(client(url, { origin: 'https://b.example' })).rejects.toThrow('403')
    await expect(client(`ws://127.0.0.1:${port}/other`)).rejects.toThrow('404')
  })
})

describe('what websockets may hold', () => {
  async function limited(limits: { socketsMax: number; bytesMax: number }) {
    const environment = testEnvironment()
    const context = {
      environment,
      durationMs: () => undefined,
      interpolation: (text: string) => interpolationOf(text, OFFLINE),
    }
    const config = conformConfig(httpServer.config, {}) as never
    const input = new HttpServerInput(config, context, undefined, { requestsMax: 10, ...limits })
    await input.connect()
    const read = async (): Promise<void> => {
      const batch = await input.read(new AbortController().signal)
      batch?.settle?.(undefined)
    }
    return { input, read, url: `${await shared(environment)}/test/post/ws` }
  }

  test('is so many clients, and one more is told to come again', async () => {
    const { input, url } = await limited({ socketsMax: 2, bytesMax: 100 })
    const first = await client(url)
    await client(url)
    await expect(client(url)).rejects.toThrow('503')
    first.socket.close()
    await first.closed
    await client(url)
    await input.close()
  })

  test('is so many bytes, and who sends one more is closed', async () => {
    const { input, read, url } = await limited({ socketsMax: 2, bytesMax: 100 })
    const first = await client(url)
    first.socket.send(Buffer.alloc(100))
    await read()
    const second = await client(url)
    second.socket.send(Buffer.alloc(101))
    expect(await second.closed).toBe(1013)
    await input.close()
  })
})
