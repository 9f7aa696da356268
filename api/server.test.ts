import { connect } from 'node:net'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestServer, resource, type TestServer } from './testing.ts'

let server: TestServer
beforeAll(async () => {
  server = await openTestServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

const get = (path: string): Promise<Response> => fetch(`${server.url}${path}`)

describe('the guard of the listener', () => {
  const port = (): string => new URL(server.url).port
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await request(`${server.url}/livez`, { headers })).statusCode

  test('lets in what names this machine', async () => {
    expect(await status({})).toBe(200)
    expect(await status({ host: `localhost:${port()}` })).toBe(200)
    expect(await status({ host: `[::1]:${port()}` })).toBe(200)
    expect(
      await status({ host: `127.0.0.1:${port()}`, origin: `http://127.0.0.1:${port()}` }),
    ).toBe(200)
  })

  test('refuses a name of somebody else that leads here', async () => {
    expect(await status({ host: 'evil.example' })).toBe(403)
    expect(await status({ host: '127.0.0.1.evil.example' })).toBe(403)
    expect(await status({ host: 'localhost.evil.example:4195' })).toBe(403)
  })

  test('refuses a page of another origin', async () => {
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    expect(await status({ origin: 'null' })).toBe(403)
    expect(await status({ origin: 'http://localhost:1' })).toBe(403)
  })
})

describe('health', () => {
  test('is alive at once and ready after the first convergence', async () => {
    await using own = await openTestServer()
    expect((await fetch(`${own.url}/livez`)).status).toBe(200)
    expect((await fetch(`${own.url}/readyz`)).status).toBe(503)
    own.finishFirstConvergence()
    expect((await fetch(`${own.url}/readyz`)).status).toBe(200)
  })

  test('answers /ready as Connect does: which streams are not connected', async () => {
    expect(await (await get('/ready')).text()).toBe('OK')
    const conditions = [{ type: 'Connected', status: 'False', reason: 'NotConnected', message: '' }]
    server.objects.push(
      resource('Pipeline', 'a', { spec: { id: 'the-a' }, status: { conditions } }),
      resource('Pipeline', 'done', {
        status: { conditions: [...conditions, { type: 'Completed', status: 'True' }] },
      }),
    )
    const response = await get('/ready')
    expect(response.status).toBe(503)
    expect(await response.text()).toBe('streams the-a are not connected\n')
    server.objects.length = 0
  })

  test("tells its version in Connect's fields and kubectl's", async () => {
    expect(await (await get('/version')).json()).toMatchObject({
      version: '0.1.0',
      built: 'source',
      major: '0',
      minor: '1',
      gitVersion: 'v0.1.0',
    })
  })

  test('hands its counters to Prometheus', async () => {
    server.metrics.observeConvergence(0.02)
    const text = await (await get('/metrics')).text()
    expect(text).toContain('input_received{stream="clean",label="",path="root.input"} 5')
    expect(text).toContain('headgate_convergence_seconds_count 1')
    expect(text).toContain('process_cpu_seconds_total')
  })
})

describe('what is not there', () => {
  test('is a Status beneath /apis and a text elsewhere', async () => {
    const native = await get('/apis/headgate.dev/v1alpha1/nothing')
    expect(native.status).toBe(404)
    expect(await native.json()).toMatchObject({ kind: 'Status', code: 404, reason: 'NotFound' })
    const other = await get('/nothing')
    expect([other.status, await other.text()]).toEqual([404, 'Not found\n'])
  })

  test('never shows an error of the framework', async () => {
    const response = await get('/apis/%zz')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'BadRequest' })
  })
})

/** What the server says to a client that asks for a websocket, up to the end of the connection. */
function upgraded(path: string, headers: Record<string, string> = {}): Promise<string> {
  const { host, hostname, port } = new URL(server.url)
  const all = { host, connection: 'upgrade', upgrade: 'websocket', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
      if (text.includes('an ordinary answer')) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  })
}

describe('endpoints on the shared server', () => {
  test('answer their path, and 503 once they are gone', async () => {
    const mounted = server.endpoints.mount('/ingest/post', (_request, response) =>
      response.end('hi'),
    )
    expect(await (await get('/ingest/post?x=1')).text()).toBe('hi')
    expect((await get('/ingest/post/more')).status).toBe(404)
    mounted[Symbol.dispose]()
    const gone = await get('/ingest/post')
    expect([gone.status, await gone.text()]).toEqual([503, 'Service unavailable\n'])
  })

  test('answer everything beneath a path that ends with a slash', async () => {
    using _mounted = server.endpoints.mount('/all/', (request, response) =>
      response.end(request.url),
    )
    expect(await (await get('/all/of/this')).text()).toBe('/all/of/this')
    expect((await get('/all')).status).toBe(404)
  })

  test('answer paths with parameters, and 503 once they are gone', async () => {
    const mounted = server.endpoints.mount('/many/{id}/x', (request, response) =>
      response.end(request.url),
    )
    expect(await (await get('/many/7/x')).text()).toBe('/many/7/x')
    expect((await get('/many/7/y')).status).toBe(404)
    mounted[Symbol.dispose]()
    expect((await get('/many/8/x')).status).toBe(503)
  })

  test('take websockets over, which no page of another origin may open', async () => {
    const mounted = server.endpoints.mount(
      '/sock/ws',
      (_request, response) => response.end('plain'),
      (_request, socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nyours'),
    )
    expect(await upgraded('/sock/ws')).toContain('101 Switching Protocols')
    expect(await upgraded('/sock/ws', { origin: 'https://evil.example' })).toContain(' 403 ')
    expect(await upgraded('/sock/ws', { host: 'evil.example' })).toContain(' 403 ')
    expect(await upgraded('/sock/other')).toContain(' 404 ')
    expect(await upgraded('/livez')).toContain(' 404 ')
    mounted[Symbol.dispose]()
    expect(await upgraded('/sock/ws')).toContain(' 503 ')
  })

  test('are asked as ever by clients that offer another protocol', async () => {
    using _mounted = server.endpoints.mount('/h2c/post', (_request, response) =>
      response.end('an ordinary answer'),
    )
    expect(await upgraded('/h2c/post', { upgrade: 'h2c' })).toContain('an ordinary answer')
  })

  test('refuse a path that is taken or that the server needs itself', () => {
    using _mounted = server.endpoints.mount('/once/post', (_request, response) => response.end())
    expect(() => server.endpoints.mount('/once/post', () => {})).toThrow('is mounted already')
    for (const path of [
      '/apis/post',
      '/streams/post',
      '/Ready/post',
      '/namespaces/post',
      '/{id}/post',
      'x',
    ]) {
      expect(() => server.endpoints.mount(path, () => {})).toThrow('a path of the server')
    }
    server.endpoints.mount('/namespaces/eu/in/post', () => {})[Symbol.dispose]()
  })
})
