import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { interpolationOf, OFFLINE } from '../../pipelines/bloblang-fields.ts'
import { conformConfig } from '../../pipelines/config-check.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { HttpServerInput, type HttpServerLimits, httpServer } from './http-server.ts'

const PATH = '/test/post'

/** An input with limits of our own, behind a server. */
async function serve(limits: Omit<HttpServerLimits, 'socketsMax'>) {
  const environment = testEnvironment()
  const input = new HttpServerInput(
    conformConfig(httpServer.config, { timeout: '' }) as never,
    {
      environment,
      durationMs: () => undefined,
      interpolation: (text) => interpolationOf(text, OFFLINE),
    },
    undefined,
    { socketsMax: 2, ...limits },
  )
  await input.connect()
  const server = createServer((request, response) =>
    environment.endpoints.handlers.get(PATH)?.(request, response),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    /** Delivers what waits longest, once something does. */
    deliver: async () => {
      const batch = await input.read(new AbortController().signal)
      batch?.settle?.(undefined)
    },
    /** Delivers whatever comes until it is stopped. */
    deliverAll: () => {
      const stopping = new AbortController()
      const run = async (): Promise<void> => {
        for (;;) {
          const batch = await input.read(stopping.signal)
          if (batch === undefined) return
          batch.settle?.(undefined)
        }
      }
      const done = run()
      return {
        stop: () => {
          stopping.abort()
          return done
        },
      }
    },
    [Symbol.asyncDispose]: async () => {
      await input.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Answer {
  readonly status: number | undefined
  readonly retryAfter: string | undefined
}

/** A request whose body is sent piece by piece. */
function open(port: number, headers: Record<string, string> = {}) {
  const request = send({ host: '127.0.0.1', port, path: PATH, method: 'POST', headers })
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      response.resume()
      resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] })
    })
  })
  answer.catch(() => {})
  return { request, answer }
}

function post(port: number, bytes: number): Promise<Answer> {
  const { request, answer } = open(port, { 'content-length': String(bytes) })
  request.end(Buffer.alloc(bytes))
  return answer
}

/** Asks with one byte until it is answered so. */
async function answered(port: number, wanted: Answer): Promise<void> {
  while ((await post(port, 1)).status !== wanted.status);
}

const BUSY: Answer = { status: 503, retryAfter: '1' }
const DELIVERED: Answer = { status: 200, retryAfter: undefined }

describe('the bytes that http_server holds', () => {
  test('reach their limit, and one more is told to come again', async () => {
    await using server = await serve({ requestsMax: 10, bytesMax: 100 })
    const first = post(server.port, 60)
    const second = post(server.port, 40)
    expect(await post(server.port, 1)).toEqual(BUSY)
    await server.deliver()
    await server.deliver()
    expect([await first, await second]).toEqual([DELIVERED, DELIVERED])
    const whole = post(server.port, 100)
    await server.deliver()
    expect(await whole).toEqual(DELIVERED)
    expect(await post(server.port, 101)).toEqual(BUSY)
  })

  test('count what is still being read, and are given back when its client goes', async () => {
    await using server = await serve({ requestsMax: 10, bytesMax: 100 })
    const delivering = server.deliverAll()
    const slow = open(server.port, { 'transfer-encoding': 'chunked' })
    slow.request.write(Buffer.alloc(100))
    await answered(server.port, BUSY)
    slow.request.destroy()
    await answered(server.port, DELIVERED)
    await delivering.stop()
  })

  test('stop a body without a declared length where they run out', async () => {
    await using server = await serve({ requestsMax: 10, bytesMax: 100 })
    const { request, answer } = open(server.port, { 'transfer-encoding': 'chunked' })
    request.write(Buffer.alloc(100))
    request.write(Buffer.alloc(1))
    expect(await answer).toEqual(BUSY)
    const next = post(server.port, 100)
    await server.deliver()
    expect(await next).toEqual(DELIVERED)
  })
})

describe('the requests that http_server holds', () => {
  test('reach their limit, and one more is told to come again', async () => {
    await using server = await serve({ requestsMax: 2, bytesMax: 100 })
    const delivering = server.deliverAll()
    const [first, second] = [0, 1].map(() => open(server.port, { 'content-length': '2' }))
    first?.request.write('a')
    expect(await post(server.port, 1)).toEqual(DELIVERED)
    second?.request.write('a')
    await answered(server.port, BUSY)
    first?.request.end('b')
    second?.request.end('b')
    expect([await first?.answer, await second?.answer]).toEqual([DELIVERED, DELIVERED])
    await answered(server.port, DELIVERED)
    await delivering.stop()
  })
})
