/**
 * Listens, and reads what comes: over TCP, with TLS or without, over UDP, or on a socket of the file system.
 *
 * Each connection is scanned by itself, and read in turn with the others; one that the pipeline is too slow for has to
 * wait. A datagram is scanned by itself, too; while too many wait, more are dropped, as the network would.
 */
import type { Server, Socket } from 'node:net'
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { cacheField } from '../../pipelines/fields.ts'
import { autoReplayField, type Replaying, replaying } from '../auto-replay.ts'
import {
  openReader,
  type ReaderConfig,
  readerFaults,
  readerFields,
} from '../scanners/reader-fields.ts'
import { ScannedStream } from '../scanners/scanned-stream.ts'
import type { OpenScanner } from '../scanners/scanner.ts'
import { SignalledWake } from '../signalled-wake.ts'
import { Datagrams } from '../sockets/datagrams.ts'
import { type Listener, listen } from '../sockets/listen.ts'
import {
  type ServerTlsConfig,
  serverTlsFaults,
  serverTlsFields,
  serverTlsNeeds,
} from '../sockets/server-tls.ts'
import {
  addressFaults,
  listenerExclusives,
  listenerNeeds,
  type SocketAddress,
} from '../sockets/socket-address.ts'

/** Connections at a time; more are refused. */
export const SOCKET_CONNECTIONS_MAX = 1_024

interface Config extends SocketAddress, ReaderConfig {
  readonly address_cache: string
  readonly tls: ServerTlsConfig
  readonly auto_replay_nacks: boolean
}

export const socketServer: InputDefinition = defineInput({
  name: 'socket_server',
  status: 'stable',
  effects: 'read',
  summary: 'Listens on a TCP, UDP or Unix socket and reads what comes.',
  description: `Nobody is told whether a message was delivered: the protocol has no word for it. At most ${SOCKET_CONNECTIONS_MAX} connections are
open at a time. A connection whose bytes the scanner cannot understand is closed, and a line of the log says why. With
\`address_cache\`, the address is kept there as \`LABEL_address\` (\`socket_server_address\` without a label), the port that
was chosen for \`:0\` too.`,
  config: Type.Object({
    network: Type.Unsafe<string>({
      type: 'string',
      enum: ['unix', 'tcp', 'udp', 'tls'],
      description: 'The kind of socket.',
    }),
    address: Type.String({
      minLength: 1,
      description: '`host:port`, or the path of a Unix socket.',
      examples: ['0.0.0.0:6000', '/tmp/in.sock'],
    }),
    address_cache: cacheField({ default: '', description: 'A cache that is told the address.' }),
    tls: serverTlsFields,
    auto_replay_nacks: autoReplayField,
    ...readerFields,
  }),
  nack: 'replay',
  exclusive: listenerExclusives,
  needs: (config) => [
    ...listenerNeeds(config),
    ...(config.network === 'tls' ? serverTlsNeeds(config.tls) : []),
  ],
  check: (config) => [
    ...addressFaults(config),
    ...(config.network === 'tls' ? serverTlsFaults(config.tls) : []),
    ...readerFaults(config),
  ],
  examples: [
    { title: 'Lines over TCP', config: { network: 'tcp', address: '127.0.0.1:6000' } },
    {
      title: 'A datagram a message',
      config: { network: 'udp', address: '127.0.0.1:8125', scanner: { to_the_end: {} } },
    },
    {
      title: 'With a certificate made on the spot',
      config: { network: 'tls', address: '127.0.0.1:6001', tls: { self_signed: true } },
    },
  ],
  build: (config, context) => new SocketServerInput(config, context),
})

interface Connected {
  readonly socket: Socket
  readonly stream: ScannedStream
  /** It stands in the queue of those that may have something. */
  queued: boolean
}

class SocketServerInput implements Input {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #open: OpenScanner
  readonly #replaying: Replaying
  readonly #wake = new SignalledWake()
  readonly #connections = new Set<Connected>()
  readonly #queue: Connected[] = []
  #datagrams: Datagrams | undefined
  #listener: Listener | undefined

  constructor(config: Config, context: BuildContext) {
    this.#config = config
    this.#context = context
    this.#open = openReader(config)
    this.#replaying = replaying(config.auto_replay_nacks)
  }

  async connect(): Promise<void> {
    if (this.#config.network === 'udp') {
      const { environment } = this.#context
      const options = { address: this.#config.address, open: this.#open, environment }
      this.#datagrams = await Datagrams.open(options, () => this.#wake.ring())
      await this.#tellAddress(this.#datagrams.address)
      return
    }
    this.#listener = await listen(this.#config, this.#context, (socket) => this.#welcome(socket))
    this.#listener.server.maxConnections = SOCKET_CONNECTIONS_MAX
    await this.#tellAddress(this.#listener.address)
  }

  read(signal: AbortSignal): InputBatch | Promise<InputBatch> {
    return this.#take() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#datagrams?.close()
    for (const { socket } of this.#connections) socket.destroy()
    this.#connections.clear()
    const server: Server | undefined = this.#listener?.server
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  async #tellAddress(address: string): Promise<void> {
    const { address_cache } = this.#config
    if (address_cache === '') return
    const cache = await this.#context.cache(address_cache)
    const { label } = this.#context
    const key = `${label === '' ? 'socket_server' : label}_address`
    await cache.set(key, Buffer.from(address), undefined)
  }

  async #wait(signal: AbortSignal): Promise<InputBatch> {
    for (;;) {
      await this.#wake.wait(signal)
      const batch = this.#take()
      if (batch !== undefined) return batch
    }
  }

  #take(): InputBatch | undefined {
    const datagrams = this.#datagrams?.take()
    if (datagrams !== undefined) return { messages: datagrams, apart: true, ...this.#replaying }
    for (;;) {
      const connected = this.#queue.shift()
      if (connected === undefined) return undefined
      connected.queued = false
      const messages = this.#messagesOf(connected)
      if (messages === undefined) continue
      // There may be more; but first the others have their turn.
      this.#enqueue(connected)
      return { messages, apart: true, ...this.#replaying }
    }
  }

  /** What goes wrong with one connection is no matter of the others. */
  #messagesOf(connected: Connected): ReturnType<ScannedStream['take']> {
    try {
      const messages = connected.stream.take()
      if (messages === undefined && connected.stream.over) this.#part(connected)
      return messages
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      const { logger } = this.#context.environment
      logger.warn('a connection sent what cannot be read, or broke', { reason })
      const survives = thrown instanceof HeadgateError && !connected.stream.over
      if (survives) this.#enqueue(connected)
      else this.#part(connected)
      return undefined
    }
  }

  #welcome(socket: Socket): void {
    const scanner = this.#open({ name: '', metadata: undefined })
    const stream = new ScannedStream(socket, scanner, () => this.#enqueue(connected))
    const connected: Connected = { socket, stream, queued: false }
    this.#connections.add(connected)
    // Nothing is ever said to the other side, which may end its own.
    stream.start()
  }

  #enqueue(connected: Connected): void {
    if (connected.queued || !this.#connections.has(connected)) return
    connected.queued = true
    this.#queue.push(connected)
    this.#wake.ring()
  }

  #part(connected: Connected): void {
    this.#connections.delete(connected)
    connected.socket.destroy()
  }
}
