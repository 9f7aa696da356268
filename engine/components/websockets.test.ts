/** The websocket input and output against servers of the `ws` package, and against each other's http_server. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { inspectPipeline } from '../pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../pipelines/testing.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { WAITING_FRAME_BYTES_MAX } from './inputs/websocket.ts'
import { testCertificate } from './test-certificate.ts'
import { runToEnd, started } from './testing.ts'

const pipelines: Pipeline[] = []
const servers: Server[] = []
const tunnels: Duplex[] = []

afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
  for (const tunnel of tunnels.splice(0)) tunnel.destroy()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

interface Client {
  readonly socket: WebSocket
  readonly request: IncomingMessage
  /** What it sent, binary frames in angle brackets. */
  readonly texts: string[]
}

/** A server whose clients a test sees one after the other. */
async function serving(server: Server = createServer(), welcomes = true) {
  const clients: Client[] = []
  const sockets = new WebSocketServer(welcomes ? { server } : { noServer: true })
  sockets.on('connection', (socket, request) => {
    const texts: string[] = []
    socket.on('message', (data, isBinary) => texts.push(isBinary ? `<${data}>` : String(data)))
    clients.push({ socket, request, texts })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = (index: number): Promise<Client> => until(() => clients[index])
  return { port, url: `ws://127.0.0.1:${port}/in?key=hidden`, client }
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    await new Promise(setImmediate)
  }
}

async function run(spec: object, environment: TestEnvironment = testEnvironment()) {
  const pipeline = await started(spec, environment)
  pipelines.push(pipeline)
  return { pipeline, environment }
}

const reading = (fields: object): object => ({
  input: { websocket: fields },
  output: { stdout: {} },
})
const writing = (fields: object): object => ({
  input: { stdin: {} },
  output: { websocket: fields },
})

describe('the websocket input', () => {
  test('makes a message of each frame, and says who it is and what it wants', async () => {
    const server = await serving()
    const { environment } = await run(
      reading({
        url: server.url,
        headers: { 'X-A': 'b' },
        basic_auth: { enabled: true, username: 'me', password: 'pw' },
        open_message: 'go',
        open_message_type: 'text',
      }),
    )
    const { socket, request, texts } = await server.client(0)
    expect(request.headers).toMatchObject({ 'x-a': 'b', authorization: `Basic ${btoa('me:pw')}` })
    socket.send('one')
    socket.send(Buffer.from('two'))
    await until(() => (environment.stdout.text === 'one\ntwo\n' ? true : undefined))
    expect(texts).toEqual(['go'])
  })

  test('takes the frames that come with the first answer', async () => {
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => {
      for (const text of ['a', 'b', 'c']) socket.send(text)
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { environment } = await run(reading({ url: `ws://127.0.0.1:${port}` }))
    await until(() => (environment.stdout.text === 'a\nb\nc\n' ? true : undefined))
  })

  test('connects again when the connection ends, and asks again', async () => {
    const clock = new SimulatedClock()
    const server = await serving()
    const { environment, pipeline } = await run(
      reading({ url: server.url, open_message: 'go' }),
      testEnvironment({ clock }),
    )
    const first = await server.client(0)
    first.socket.send('one')
    first.socket.close()
    await until(() => (pipeline.state().connected ? undefined : true))
    expect(pipeline.state().message).not.toContain('hidden')
    clock.advance(1_000)
    const second = await server.client(1)
    second.socket.send('two')
    await until(() => (environment.stdout.text === 'one\ntwo\n' ? true : undefined))
    await until(() => (second.texts[0] === '<go>' ? true : undefined))
  })

  test('pauses the connection while what it was sent waits', async () => {
    const server = await serving()
    const { environment } = await run(reading({ url: server.url }))
    const release: (() => void)[] = []
    environment.stdout._write = (_chunk, _encoding, done) => void release.push(done)
    const { socket } = await server.client(0)
    const frame = Buffer.alloc(WAITING_FRAME_BYTES_MAX / 4)
    // So many that the pipeline and the kernel between them cannot hold them.
    for (let count = 0; count < 400; count++) socket.send(frame)
    await until(() => (release.length > 0 ? true : undefined))
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    expect(socket.bufferedAmount).toBeGreaterThan(0)
  })

  test('says goodbye when the pipeline stops', async () => {
    const server = await serving()
    const { pipeline } = await run(reading({ url: server.url }))
    const { socket } = await server.client(0)
    const closed = new Promise((resolve) => socket.on('close', resolve))
    expect(await pipeline.stop(5_000)).toBe('drained')
    expect(await closed).toBe(1000)
  })
})

test.each([0, 2])('the websocket input ends after %i more attempts', async (max_retries) => {
  const server = createServer()
  let attempts = 0
  server.on('upgrade', (_, socket) => {
    attempts += 1
    socket.destroy()
  })
  const { url } = await serving(server, false)
  const clock = new SimulatedClock()
  const websocket = { url, connection: { max_retries } }
  let over = false
  const spec = { input: { websocket }, output: { drop: {} } }
  const ended = runToEnd(spec, testEnvironment({ clock })).then(() => {
    over = true
  })
  while (!over) {
    await new Promise(setImmediate)
    await clock.advance(10)
  }
  await ended
  expect(attempts).toBe(max_retries + 1)
})

describe('the websocket output', () => {
  test('sends each message as a frame', async () => {
    const server = await serving()
    const { environment } = await run(writing({ url: server.url }))
    environment.stdin.write('one\ntwo\n')
    const { texts } = await server.client(0)
    await until(() => (texts.length === 2 ? true : undefined))
    expect(texts).toEqual(['<one>', '<two>'])
  })

  test('sends again over the next connection what could not be sent', async () => {
    const clock = new SimulatedClock()
    const server = await serving()
    const { environment, pipeline } = await run(
      writing({ url: server.url }),
      testEnvironment({ clock }),
    )
    const first = await server.client(0)
    const closed = new Promise((resolve) => first.socket.on('close', resolve))
    first.socket.close()
    await closed
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    environment.stdin.write('one\n')
    await until(() => (pipeline.state().connected ? undefined : true))
    clock.advance(1_000)
    const { texts } = await server.client(1)
    await until(() => (texts[0] === '<one>' ? true : undefined))
  })
})

describe('how a websocket is opened', () => {
  test('is shown as not connected when the server refuses', async () => {
    const server = createServer((_, response) => response.writeHead(401).end())
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { pipeline } = await run(reading({ url: `ws://me:hidden@127.0.0.1:${port}/x?t=hidden` }))
    expect(pipeline.state().connected).toBe(false)
    expect(pipeline.state().message).toContain(`http://127.0.0.1:${port}/x`.replace('http', 'ws'))
    expect(pipeline.state().message).toContain('answered 401')
    expect(pipeline.state().message).not.toContain('hidden')
  })

  test('trusts a server as tls says, through a proxy too', async () => {
    const certificate = testCertificate()
    const server = await serving(createSecureServer(certificate) as unknown as Server)
    const asked: unknown[] = []
    const proxy = createServer()
    proxy.on('connect', (request, socket) => {
      asked.push([request.url, request.headers['proxy-authorization']])
      const [, port] = (request.url ?? '').split(':')
      const onward = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      onward.on('error', () => {})
      socket.on('error', () => {})
      // A server does not close what it handed over.
      tunnels.push(onward, socket)
    })
    servers.push(proxy)
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const fields = {
      url: `wss://localhost:${server.port}`,
      tls: { enabled: true, root_cas: certificate.cert },
      proxy_url: `http://me:pw@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    }
    const { environment, pipeline } = await run(reading(fields))
    const { socket } = await server.client(0)
    socket.send('one')
    await until(() => (environment.stdout.text === 'one\n' ? true : undefined))
    expect(asked).toEqual([[`localhost:${server.port}`, `Basic ${btoa('me:pw')}`]])
    await pipeline.stop(1_000)
    const strange = await run(reading({ url: `wss://localhost:${server.port}` }))
    expect(strange.pipeline.state().message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
  })

  test('is refused where it says nothing that can be done', async () => {
    const faults = async (fields: object): Promise<string[]> => {
      const spec = { input: { websocket: { url: 'ws://x', ...fields } }, output: { drop: {} } }
      const { problems } = await inspectPipeline(spec)
      return problems
        .filter((one) => one.severity === 'error')
        .map(({ path }) => path.slice(2).join('.'))
    }
    expect(await faults({})).toEqual([])
    expect(await faults({ url: 'ftp://x' })).toEqual(['url'])
    expect(await faults({ proxy_url: 'socks5://x' })).toEqual(['proxy_url'])
    expect(await faults({ open_message_type: 'other' })).toEqual(['open_message_type'])
    expect(await faults({ jwt: { enabled: true, signing_method: 'RS256' } })).toEqual([
      'jwt.private_key_file',
    ])
  })
})
