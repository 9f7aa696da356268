/** Inputs and outputs on real sockets. */
import type { X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../pipelines/testing.ts'
import { realClock } from '../../ports/real-clock.ts'
import { realRandom } from '../../ports/real-random.ts'
import { SOCKET_CONNECTIONS_MAX } from '../inputs/socket-server.ts'
import { DATAGRAM_BYTES_MAX } from '../outputs/socket.ts'
import { started } from '../testing.ts'
import { selfSigned } from './self-signed.ts'

let directory = ''
const pipelines: Pipeline[] = []
const servers: Server[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-sockets-'))
})
afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(100)
  for (const server of servers.splice(0)) server.close()
  await rm(directory, { recursive: true })
})

async function run(spec: object, environment: TestEnvironment): Promise<Pipeline> {
  const pipeline = await started(spec, environment)
  pipelines.push(pipeline)
  return pipeline
}

async function listening(server: Server, path?: string): Promise<string> {
  servers.push(server)
  if (path === undefined) server.listen({ host: '127.0.0.1', port: 0 })
  else server.listen(path)
  await once(server, 'listening')
  return path ?? `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

/** Reads what is sent to a socket_server; the address is what its cache was told. */
async function served(socket_server: object, label = '') {
  const warnings: string[] = []
  const logger = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (text: string, fields?: object) =>
      void warnings.push(`${text} ${JSON.stringify(fields)}`),
  }
  const environment = testEnvironment({ directory, logger })
  const spec = {
    input: {
      ...(label === '' ? {} : { label }),
      socket_server: { address: '127.0.0.1:0', address_cache: 'known', ...socket_server },
    },
    output: { stdout: {} },
    cache_resources: [{ label: 'known', file: { directory: '.' } }],
  }
  const pipeline = await run(spec, environment)
  const key = `${label === '' ? 'socket_server' : label}_address`
  const address = await readFile(join(directory, key), 'utf8')
  const lines = (): readonly string[] => environment.stdout.text.split('\n').slice(0, -1)
  return { pipeline, environment, address, port: Number(address.split(':')[1]), lines, warnings }
}

describe('the socket input', () => {
  const read = async (socket: object) => {
    const environment = testEnvironment({ directory })
    const pipeline = await run({ input: { socket }, output: { stdout: {} } }, environment)
    return { pipeline, environment }
  }

  test('reads lines, and connects again when the server ends a connection', async () => {
    let connections = 0
    const server = createServer((socket) => void socket.end(`line ${++connections}\nrest`))
    const address = await listening(server)
    const { environment } = await read({ network: 'tcp', address })
    await until(() => environment.stdout.text.includes('line 2\nrest\n'))
    expect(environment.stdout.text.startsWith('line 1\nrest\nline 2\nrest\n')).toBe(true)
  })

  test('sends its first message, and waits for a server that is not there yet', async () => {
    const address = join(directory, 'feed.sock')
    const mapping = 'root = "hello\\n"'
    const socket = { network: 'unix', address: './feed.sock', open_message_mapping: mapping }
    const { pipeline, environment } = await read(socket)
    await until(() => pipeline.state().message?.includes('no connection to ./feed.sock') === true)
    await listening(
      createServer((one) => void one.on('data', (text) => one.write(text))),
      address,
    )
    await until(() => environment.stdout.text === 'hello\n')
  })

  test('lets a server wait that is faster than the pipeline', async () => {
    let sent: Socket | undefined
    const server = createServer((socket) => {
      sent = socket
      socket.on('error', () => {})
      const more = (): void => {
        while (socket.write(`${'x'.repeat(9_999)}\n`)) {}
      }
      socket.on('drain', more)
      more()
    })
    const address = await listening(server)
    const spec = { input: { socket: { network: 'tcp', address } }, output: { reject: 'stuck' } }
    const pipeline = await run(spec, testEnvironment())
    let before = -1
    await until(() => (sent?.bytesWritten ?? 0) > 1_000_000)
    // Until nothing moves any more: the bounds of the pipeline, and what the system holds.
    while (pipeline.state().counters.inputReceived !== before) {
      before = pipeline.state().counters.inputReceived
      for (let turn = 0; turn < 2_000; turn++) await setImmediate()
    }
    expect(before * 10_000).toBeLessThan(40 * 1024 * 1024)
    sent?.destroy()
  })

  test('speaks TLS with a server that it trusts, and with no other', async () => {
    const identity = await selfSigned({ clock: realClock, random: realRandom })
    const server = createTlsServer(identity, (socket) => void socket.end('secret\n'))
    const address = await listening(server)
    const trusting = { enabled: true, root_cas: identity.cert }
    const { environment } = await read({ network: 'tcp', address, tls: trusting })
    await until(() => environment.stdout.text.startsWith('secret\n'))
    const { pipeline } = await read({ network: 'tcp', address, tls: { enabled: true } })
    await until(() => pipeline.state().message?.includes('self-signed') === true)
  })
})

describe('the socket output', () => {
  const numbers = (count: number) => ({
    generate: { mapping: 'root = counter()', interval: '', count },
  })

  test('sends all, and again over a new connection what the last one did not take', async () => {
    const texts: string[] = []
    const server = createServer((socket) => {
      const at = texts.push('') - 1
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        texts[at] = `${texts[at]}${chunk}`
        // The first server goes amid its work.
        if (at === 0) socket.resetAndDestroy()
      })
    })
    const address = await listening(server)
    const spec = { input: numbers(20_000), output: { socket: { network: 'tcp', address } } }
    const pipeline = await run(spec, testEnvironment())
    await until(() => pipeline.state().phase === 'completed')
    await until(() => texts.at(-1)?.includes('\n20000\n') === true)
    expect(texts.length).toBeGreaterThan(1)
    const lines = texts.slice(1).join('').split('\n').filter(Boolean).map(Number)
    // What the system had of the first connection is lost; from there on nothing is.
    const first = lines[0] ?? 0
    expect(new Set(lines).size).toBe(20_001 - first)
  })

  test('writes to a Unix socket with another delimiter', async () => {
    let text = ''
    const server = createServer((socket) => {
      socket.on('data', (chunk) => {
        text += chunk
      })
    })
    await listening(server, join(directory, 'sink.sock'))
    const socket = { network: 'unix', address: './sink.sock', codec: 'delim:|' }
    await run({ input: numbers(3), output: { socket } }, testEnvironment({ directory }))
    await until(() => text === '1|2|3|')
  })

  test('sends datagrams as large as they can be, and refuses larger ones', async () => {
    const server = createSocket('udp4')
    const sizes: number[] = []
    server.on('message', ({ length }) => void sizes.push(length))
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', () => resolve()))
    const address = `127.0.0.1:${server.address().port}`
    const mapping = `root = "x".repeat(${DATAGRAM_BYTES_MAX - 1} + counter())`
    const generate = { mapping, interval: '', count: 2 }
    const output = { socket: { network: 'udp', address, codec: 'append' } }
    const pipeline = await run({ input: { generate }, output }, testEnvironment())
    await until(() => pipeline.state().counters.outputErrors > 0 && sizes.length > 0)
    expect(sizes).toEqual([DATAGRAM_BYTES_MAX])
    expect(pipeline.state().message).toContain(`at most ${DATAGRAM_BYTES_MAX} bytes`)
    server.close()
  })
})

describe('the socket server', () => {
  test('reads each connection by itself, and tells its address', async () => {
    const { port, lines, address } = await served({ network: 'tcp' }, 'feed')
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/)
    const [one, two] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    one.write('1 a\n1 ')
    two.write('2 a\n')
    await until(() => lines().length === 2)
    two.end('2 b')
    one.end('b\n')
    await until(() => lines().length === 4)
    expect([...lines()].sort()).toEqual(['1 a', '1 b', '2 a', '2 b'])
  })

  test('closes a connection that it cannot understand, and reads the others', async () => {
    const { port, lines, warnings } = await served({
      network: 'tcp',
      scanner: { json_documents: {} },
    })
    const bad = connect(port, '127.0.0.1', () => bad.write('{]'))
    await once(bad, 'close')
    connect(port, '127.0.0.1').end('{"n":1}')
    await until(() => lines().length === 1)
    expect(warnings[0]).toContain('a connection sent what cannot be read')
  })

  test('scans each datagram by itself', async () => {
    const { port, lines } = await served({ network: 'udp' })
    const client = createSocket('udp4')
    for (const text of ['a\nb', 'c\n', 'd']) client.send(text, port, '127.0.0.1')
    await until(() => lines().length === 4)
    expect([...lines()].sort()).toEqual(['a', 'b', 'c', 'd'])
    client.close()
  })

  test('takes the path of a process that was killed, and of no other', async () => {
    const path = join(directory, 'in.sock')
    await served({ network: 'unix', address: './in.sock' })
    const spec = { input: { socket_server: { network: 'unix', address: './in.sock' } } }
    const again = (): Promise<Pipeline> =>
      started({ ...spec, output: { stdout: {} } }, testEnvironment({ directory }))
    await expect(again()).rejects.toThrow('another program listens')
    await pipelines.pop()?.stop(100)
    await writeFile(path, 'a file')
    await expect(again()).rejects.toThrow('another program listens')
    await rm(path)
    // A socket that nobody closed.
    const { spawnSync } = await import('node:child_process')
    const leave = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', leave])
    const { lines } = await served({ network: 'unix', address: './in.sock' })
    connect(path).end('hello\n')
    await until(() => lines().length === 1)
  })

  test('speaks TLS with a certificate made on the spot', async () => {
    const { port, lines } = await served({ network: 'tls', tls: { self_signed: true } })
    const client = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(client, 'secureConnect')
    const certificate = client.getPeerX509Certificate() as X509Certificate
    expect(certificate.subject).toBe('CN=localhost')
    expect(certificate.checkHost('localhost')).toBe('localhost')
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    client.end('secret\n')
    await until(() => lines().length === 1)
  })

  test.each(['require', 'require_and_verify'])(
    'lets nobody in without a certificate when it should %s one',
    async (client_auth) => {
      const tls = { self_signed: true, client_auth }
      const { port, lines } = await served({ network: 'tls', tls })
      const client = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false })
      client.on('error', () => {})
      client.write('let me in\n')
      await new Promise((resolve) => client.once('close', resolve))
      expect(lines()).toEqual([])
    },
  )

  test('takes a certificate of anybody where it only has to be shown', async () => {
    const tls = { self_signed: true, client_auth: 'require' }
    const { port, lines } = await served({ network: 'tls', tls })
    const identity = await selfSigned({ clock: realClock, random: realRandom })
    const options = { ...identity, port, host: '127.0.0.1', rejectUnauthorized: false }
    tlsConnect(options).end('it is me\n')
    await until(() => lines().length === 1)
  })

  test('keeps as many connections as its limit, and no more', async () => {
    const { port } = await served({ network: 'tcp' })
    const clients: Socket[] = []
    for (let at = 0; at < SOCKET_CONNECTIONS_MAX; at++) {
      const client = connect(port, '127.0.0.1')
      await once(client, 'connect')
      clients.push(client)
    }
    const late = connect(port, '127.0.0.1')
    late.on('error', () => {})
    await once(late, 'close')
    expect(clients.filter(({ closed }) => closed)).toEqual([])
    for (const client of clients) client.destroy()
  })

  test('needs grants for what it listens on, and holds it alone', async () => {
    const inspected = async (socket_server: object) => {
      const { needs, exclusives } = await inspectPipeline({
        input: { socket_server },
        output: { drop: {} },
      })
      return { needs: needs.map(({ kind, name }) => `${kind} ${name}`), exclusives }
    }
    expect(await inspected({ network: 'tcp', address: '0.0.0.0:6000' })).toEqual({
      needs: ['listener 0.0.0.0:6000'],
      exclusives: ['port:0.0.0.0:6000'],
    })
    expect(await inspected({ network: 'unix', address: './in.sock' })).toEqual({
      needs: ['file ./in.sock'],
      exclusives: ['file:./in.sock'],
    })
    const tls = { cert_file: 'cert.pem', key_file: 'key.pem' }
    expect((await inspected({ network: 'tls', address: ':0', tls })).needs).toEqual([
      'listener :0',
      'file cert.pem',
      'file key.pem',
    ])
  })

  test('refuses what cannot be meant', async () => {
    const paths = async (socket_server: object): Promise<readonly string[]> => {
      const spec = { input: { socket_server: { address: ':0', ...socket_server } } }
      const { problems } = await inspectPipeline({ ...spec, output: { drop: {} } })
      return problems.map(({ path }) => path.slice(2).join('.'))
    }
    expect(await paths({ network: 'tcp', address: 'nowhere' })).toEqual(['address'])
    expect(await paths({ network: 'unixgram' })).toEqual(['network'])
    expect(await paths({ network: 'tls' })).toEqual(['tls'])
    const both = { self_signed: true, cert_file: 'a', key_file: 'b' }
    expect(await paths({ network: 'tls', tls: both })).toEqual(['tls'])
  })
})
