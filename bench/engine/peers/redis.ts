/**
 * Redis Streams, `appendfsync always`: XADD with an id from the server. The server syncs once for all that it finds
 * readable at a time and reads little of each connection, so the appends in flight are pipelined on several; sixteen
 * records are sixteen commands.
 */
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { PeerOptions, StartedPeer } from './peer.ts'
import { connectTo, corkForTurn, findProgram, onLost, startServer, versionOf } from './server.ts'

const STREAMS = 4
/** What single commands do best on: fewer sync less at a time, more cost more for each command. */
const CONNECTIONS_FOR_SINGLES = 8
const NEWLINE = 10
const LINES_PER_REPLY = 2
const SETTINGS: readonly string[] = [
  ['--port', '0'],
  ['--save', ''],
  ['--appendonly', 'yes'],
  ['--appendfsync', 'always'],
  ['--auto-aof-rewrite-percentage', '0'],
  ['--maxclients', '1000'],
].flat()

export async function startRedis(options: PeerOptions): Promise<StartedPeer> {
  const program = findProgram('redis-server')
  if (program === undefined) return { missing: 'no redis-server is installed' }
  const { directory, inFlight, recordsPerAppend, data } = options
  const path = join(directory, 'redis.sock')
  const server = startServer(program, [...SETTINGS, '--unixsocket', path, '--dir', directory], {
    directory,
  })
  try {
    const connections: RedisConnection[] = []
    const count = recordsPerAppend === 1 ? CONNECTIONS_FOR_SINGLES : inFlight
    for (let index = 0; index < count; index++) {
      const socket = await connectTo({ path }, ping)
      const command = xadd(`bench-${index % STREAMS}`, data)
      const commands = Buffer.concat(Array.from({ length: recordsPerAppend }, () => command))
      connections.push(new RedisConnection(socket, commands, recordsPerAppend))
    }
    return {
      name: `Redis Streams ${versionOf(program)}`,
      how: `appendfsync always, ${inFlight * recordsPerAppend} XADD in flight, pipelined on ${count} connections of a local socket`,
      append: async (lane) => connections[lane % count]?.append(),
      [Symbol.asyncDispose]: async () => {
        for (const connection of connections) connection.close()
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

class RedisConnection {
  readonly #socket: Socket
  readonly #commands: Buffer
  readonly #linesPerAppend: number
  /** Answered in the order in which they were sent. */
  #waiting: Waiting[] = []
  #lines = 0

  constructor(socket: Socket, commands: Buffer, recordsPerAppend: number) {
    this.#socket = socket
    this.#commands = commands
    this.#linesPerAppend = recordsPerAppend * LINES_PER_REPLY
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    onLost(socket, (error) => this.#fail(error))
  }

  append(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      corkForTurn(this.#socket)
      this.#socket.write(this.#commands)
    })
  }

  close(): void {
    this.#waiting = []
    this.#socket.destroy()
  }

  /** Each reply is a length and an id, a line each. Nothing but an error has a minus before a letter. */
  #take(chunk: Buffer): void {
    if (chunk.includes('-ERR') || chunk.includes('-MISCONF')) {
      this.#fail(new Error(chunk.toString()))
      return
    }
    for (const byte of chunk) if (byte === NEWLINE) this.#lines++
    const answered = Math.floor(this.#lines / this.#linesPerAppend)
    this.#lines -= answered * this.#linesPerAppend
    for (const { resolve } of this.#waiting.splice(0, answered)) resolve()
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

function xadd(stream: string, data: Buffer): Buffer {
  const words = ['XADD', stream, '*', 'd', data]
  const parts = words.flatMap((word) => [
    Buffer.from(`$${word.length}\r\n`),
    Buffer.from(word),
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts])
}

function ping(socket: Socket): Promise<void> {
  socket.write('PING\r\n')
  return new Promise((resolve, reject) => {
    socket.once('data', (reply) => {
      if (reply.toString().startsWith('+PONG')) resolve()
      else reject(new Error(reply.toString()))
    })
  })
}
