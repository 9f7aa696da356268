/**
 * Redis Streams, `appendfsync always`: XADD with an id from the server. The server syncs once for all that it finds
 * readable at a time, so each append in flight has a connection of its own; sixteen records are sixteen pipelined
 * commands.
 */
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { PeerOptions, StartedPeer } from './peer.ts'
import { connectTo, findProgram, onLost, startServer, versionOf } from './server.ts'

const STREAMS = 4
const NEWLINE = 10
const LINES_PER_REPLY = 2

export async function startRedis(options: PeerOptions): Promise<StartedPeer> {
  const program = findProgram('redis-server')
  if (program === undefined) return { missing: 'no redis-server is installed' }
  const { directory, inFlight, recordsPerAppend, data } = options
  const path = join(directory, 'redis.sock')
  const server = startServer(
    program,
    ['--port 0', `--unixsocket ${path}`, '--save ""', '--appendonly yes', '--appendfsync always']
      .concat(['--auto-aof-rewrite-percentage 0', '--maxclients 1000', `--dir ${directory}`])
      .flatMap((option) => option.split(' ')),
    { directory },
  )
  try {
    const lanes: RedisLane[] = []
    for (let lane = 0; lane < inFlight; lane++) {
      const socket = await connectTo({ path }, ping)
      const command = xadd(`bench-${lane % STREAMS}`, data)
      const commands = Buffer.concat(Array.from({ length: recordsPerAppend }, () => command))
      lanes.push(new RedisLane(socket, commands, recordsPerAppend))
    }
    return {
      name: `Redis Streams ${versionOf(program)}`,
      how: `appendfsync always, ${inFlight} connections on a local socket, ${recordsPerAppend} XADD pipelined on each`,
      append: (lane) => lanes[lane]?.append() ?? Promise.reject(new Error(`no lane ${lane}`)),
      [Symbol.asyncDispose]: async () => {
        for (const lane of lanes) lane.close()
        await server[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

class RedisLane {
  readonly #socket: Socket
  readonly #commands: Buffer
  readonly #lines: number
  #linesLeft = 0
  #settle: ((error?: Error) => void) | undefined

  constructor(socket: Socket, commands: Buffer, count: number) {
    this.#socket = socket
    this.#commands = commands
    this.#lines = count * LINES_PER_REPLY
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    onLost(socket, (error) => this.#settle?.(error))
  }

  append(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#linesLeft = this.#lines
      this.#settle = (error) => (error === undefined ? resolve() : reject(error))
      this.#socket.write(this.#commands)
    })
  }

  close(): void {
    this.#settle = undefined
    this.#socket.destroy()
  }

  /** Each reply is a length and an id, a line each; what begins with a minus is an error. */
  #take(chunk: Buffer): void {
    if (chunk[0] === 45) {
      this.#settle?.(new Error(chunk.toString()))
      return
    }
    for (const byte of chunk) if (byte === NEWLINE) this.#linesLeft--
    if (this.#linesLeft === 0) this.#settle?.()
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
