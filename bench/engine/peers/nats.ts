/**
 * NATS JetStream, `sync_interval: always`: each message is published with a reply subject and counts once its
 * acknowledgement from the stream is there. One connection has all of them in flight, over as many streams as the
 * server gains from, since each stream syncs by itself. Sixteen records are sixteen messages: its atomic batches are
 * slower.
 */
import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { PeerOptions, StartedPeer } from './peer.ts'
import {
  connectTo,
  corkForTurn,
  findProgram,
  freePort,
  onLost,
  startServer,
  versionOf,
} from './server.ts'

const VERSION = '2.15.2'
const FOLDER = join(homedir(), '.cache/headgate/bench', `nats-server-${VERSION}`)
const STREAMS = 16
const INBOX = '_INBOX.bench'

export async function startNats(options: PeerOptions): Promise<StartedPeer> {
  const program = findProgram('nats-server', [FOLDER])
  if (program === undefined) {
    return {
      missing: `no nats-server is installed: GOBIN=${FOLDER} go install github.com/nats-io/nats-server/v2@v${VERSION}`,
    }
  }
  const { directory, inFlight, recordsPerAppend, data } = options
  const port = await freePort()
  const config = join(directory, 'nats.conf')
  writeFileSync(
    config,
    `listen: 127.0.0.1:${port}\nmax_payload: 8MB\njetstream {\n  store_dir: "${directory}"\n  sync_interval: always\n}\n`,
  )
  const server = startServer(program, ['-c', config], { directory })
  try {
    const socket = await connectTo({ host: '127.0.0.1', port }, greet)
    const connection = new NatsConnection(socket)
    for (let stream = 0; stream < STREAMS; stream++) {
      await connection.createStream(`bench-${stream}`)
    }
    return {
      name: `NATS JetStream ${versionOf(program)}`,
      how: `sync_interval always, ${inFlight * recordsPerAppend} messages in flight on one connection, ${STREAMS} streams`,
      append: (lane) => {
        const subject = `bench-${lane % STREAMS}`
        if (recordsPerAppend === 1) return connection.publish(subject, data)
        return Promise.all(
          Array.from({ length: recordsPerAppend }, () => connection.publish(subject, data)),
        )
      },
      [Symbol.asyncDispose]: async () => {
        connection.close()
        await server[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

class NatsConnection {
  readonly #socket: Socket
  readonly #waiting = new Map<string, Waiting>()
  #held: Buffer = Buffer.alloc(0)
  #sent = 0

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    onLost(socket, (error) => {
      for (const { reject } of this.#waiting.values()) reject(error)
    })
    socket.write(`SUB ${INBOX}.* 1\r\n`)
  }

  createStream(name: string): Promise<void> {
    const config = JSON.stringify({
      name,
      subjects: [name],
      storage: 'file',
      num_replicas: 1,
    })
    return this.publish(`$JS.API.STREAM.CREATE.${name}`, Buffer.from(config))
  }

  publish(subject: string, data: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const reply = `${INBOX}.${++this.#sent}`
      this.#waiting.set(reply, { resolve, reject })
      corkForTurn(this.#socket)
      this.#socket.write(`PUB ${subject} ${reply} ${data.length}\r\n`)
      this.#socket.write(data)
      this.#socket.write('\r\n')
    })
  }

  close(): void {
    this.#waiting.clear()
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    const held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let at = 0
    for (;;) {
      const end = held.indexOf('\r\n', at)
      if (end < 0) break
      const line = held.toString('latin1', at, end)
      if (!line.startsWith('MSG ')) {
        at = end + 2
        if (line.startsWith('PING')) this.#socket.write('PONG\r\n')
        if (line.startsWith('-ERR')) this.#fail(new Error(line))
        continue
      }
      const words = line.split(' ')
      const bytes = Number(words.at(-1))
      if (held.length < end + 2 + bytes + 2) break
      this.#answer(words[1] ?? '', held.toString('utf8', end + 2, end + 2 + bytes))
      at = end + 2 + bytes + 2
    }
    this.#held = held.subarray(at)
  }

  #answer(reply: string, text: string): void {
    const waiting = this.#waiting.get(reply)
    this.#waiting.delete(reply)
    if (text.includes('"error"')) waiting?.reject(new Error(text))
    else waiting?.resolve()
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
  }
}

/** The server says what it is, and answers a ping once it took the client in. */
function greet(socket: Socket): Promise<void> {
  socket.write(
    'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1}\r\nPING\r\n',
  )
  return new Promise((resolve, reject) => {
    let text = ''
    const take = (chunk: Buffer): void => {
      text += chunk.toString()
      if (text.includes('-ERR')) reject(new Error(text))
      if (!text.includes('PONG\r\n')) return
      socket.off('data', take)
      resolve()
    }
    socket.on('data', take)
  })
}
