/**
 * NATS JetStream, `sync_interval: always`: each message is published with a reply subject and counts once its
 * acknowledgement from the stream is there. One connection has all of them in flight, over as many streams as the
 * server has to gain from, since each stream syncs by itself; sixteen records are one atomic batch.
 */
import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { PeerOptions, StartedPeer } from './peer.ts'
import { connectTo, findProgram, freePort, onLost, startServer, versionOf } from './server.ts'

const VERSION = '2.15.2'
const FOLDER = join(homedir(), '.cache/headgate/bench', `nats-server-${VERSION}`)
const STREAMS = 4
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
      await connection.createStream(`bench-${stream}`, recordsPerAppend > 1)
    }
    const publish = (lane: number): Promise<void> => {
      const subject = `bench-${lane % STREAMS}`
      return recordsPerAppend === 1
        ? connection.publish(subject, data)
        : connection.publishBatch(subject, data, recordsPerAppend)
    }
    const batch = recordsPerAppend === 1 ? 'messages' : `atomic batches of ${recordsPerAppend}`
    return {
      name: `NATS JetStream ${versionOf(program)}`,
      how: `sync_interval always, ${inFlight} ${batch} in flight on one connection, ${STREAMS} streams`,
      append: publish,
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

  createStream(name: string, atomic: boolean): Promise<void> {
    const config = JSON.stringify({
      name,
      subjects: [name],
      storage: 'file',
      num_replicas: 1,
      allow_atomic: atomic,
    })
    return this.publish(`$JS.API.STREAM.CREATE.${name}`, Buffer.from(config))
  }

  publish(subject: string, data: Buffer): Promise<void> {
    return this.#ask((reply) => {
      this.#socket.cork()
      this.#socket.write(`PUB ${subject} ${reply} ${data.length}\r\n`)
      this.#socket.write(data)
      this.#socket.write('\r\n')
      this.#socket.uncork()
    })
  }

  /** All of it or nothing: the last message commits the batch, and its reply is the one of the whole. */
  publishBatch(subject: string, data: Buffer, count: number): Promise<void> {
    return this.#ask((reply) => {
      this.#socket.cork()
      for (let sequence = 1; sequence <= count; sequence++) {
        const last = sequence === count
        const headers =
          `NATS/1.0\r\nNats-Batch-Id: ${reply}\r\nNats-Batch-Sequence: ${sequence}\r\n` +
          `${last ? 'Nats-Batch-Commit: 1\r\n' : ''}\r\n`
        const sizes = `${headers.length} ${headers.length + data.length}`
        this.#socket.write(`HPUB ${subject} ${last ? `${reply} ` : ''}${sizes}\r\n${headers}`)
        this.#socket.write(data)
        this.#socket.write('\r\n')
      }
      this.#socket.uncork()
    })
  }

  close(): void {
    this.#waiting.clear()
    this.#socket.destroy()
  }

  #ask(send: (reply: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const reply = `${INBOX}.${++this.#sent}`
      this.#waiting.set(reply, { resolve, reject })
      send(reply)
    })
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
