/**
 * Sends messages to a server: the output is the one that connects.
 *
 * A batch is delivered once the system has it; what a connection that breaks has not taken goes to the next one, whole.
 * Over UDP each message is a datagram, and nobody knows whether it arrived.
 */
import type { Socket as DatagramSocket } from 'node:dgram'
import type { Socket } from 'node:net'
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { unlessAborted } from '../../pipelines/unless-aborted.ts'
import { delimiterOf, framed, streamCodecFaults, streamCodecField } from '../codec.ts'
import { parseAddress } from '../http/listener.ts'
import { notConnected, openSocket, type SocketTarget } from '../sockets/open-socket.ts'
import { addressFaults, pathNeeds } from '../sockets/socket-address.ts'
import { tlsFaults, tlsFields, tlsNeeds } from '../tls-fields.ts'

/** What a datagram can hold over IPv4. */
export const DATAGRAM_BYTES_MAX = 65_507
/** What a server gets to take the rest when the pipeline stops. */
export const SOCKET_END_MS = 1_000

interface Config extends SocketTarget {
  readonly codec: string
}

export const socket: OutputDefinition = defineOutput({
  name: 'socket',
  status: 'stable',
  effects: 'write',
  summary: 'Connects to a TCP, UDP or Unix socket and sends messages to it.',
  description: `A batch is delivered once the system has it: what it had of a connection that breaks is lost, and may be in part what
is sent again. Over UDP each message is a datagram, of at most ${DATAGRAM_BYTES_MAX} bytes with what stands behind it.`,
  config: Type.Object({
    network: Type.Unsafe<string>({
      type: 'string',
      enum: ['unix', 'tcp', 'udp'],
      description: 'The kind of socket.',
    }),
    address: Type.String({
      minLength: 1,
      description: '`host:port`, or the path of a Unix socket.',
      examples: ['127.0.0.1:6000', '/tmp/sink.sock'],
    }),
    codec: streamCodecField,
    tls: tlsFields,
  }),
  delivery: 'sends',
  batching: true,
  alone: true,
  needs: (config) => [...pathNeeds(config), ...tlsNeeds(config.tls)],
  check: (config) => [
    ...addressFaults(config),
    ...tlsFaults(config.tls),
    ...streamCodecFaults(config.codec),
    ...(config.network === 'udp' && config.tls.enabled
      ? [{ path: ['tls', 'enabled'], message: 'expected no TLS over udp' }]
      : []),
  ],
  examples: [
    { title: 'Lines over TCP', config: { network: 'tcp', address: '127.0.0.1:6000' } },
    {
      title: 'A datagram a message',
      config: { network: 'udp', address: '127.0.0.1:8125', codec: 'append' },
    },
  ],
  build: (config, context) =>
    config.network === 'udp' ? new DatagramOutput(config) : new SocketOutput(config, context),
})

class SocketOutput implements Output {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #delimiter: Buffer
  #socket: Socket | undefined
  #lost: unknown

  constructor(config: Config, context: BuildContext) {
    this.#config = config
    this.#context = context
    this.#delimiter = delimiterOf(config.codec)
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#socket?.destroy()
    const socket = await openSocket(this.#config, this.#context, signal)
    this.#lost = undefined
    this.#socket = socket
    socket.on('error', (error) => {
      this.#lost = error
    })
    socket.on('close', () => {
      if (this.#socket === socket) this.#lost ??= 'the server closed it'
    })
    // What it says is of no interest; that it goes is.
    socket.resume()
  }

  async write(batch: Batch, { signal }: Delivery): Promise<void> {
    const socket = this.#socket
    if (socket === undefined || this.#lost !== undefined) throw this.#gone(this.#lost)
    const written = new Promise<void>((resolve, reject) => {
      socket.write(framed(batch, this.#delimiter), (error) => {
        if (error === undefined || error === null) resolve()
        else reject(this.#gone(this.#lost ?? error))
      })
    })
    await unlessAborted(written, signal)
  }

  async close(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined || socket.closed) return
    const timer = this.#context.environment.clock.schedule(SOCKET_END_MS, () => socket.destroy())
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.end()
    })
    timer.cancel()
  }

  #gone(cause: unknown): HeadgateError {
    return notConnected(this.#config, cause ?? 'it is not open')
  }
}

class DatagramOutput implements Output {
  readonly #config: Config
  readonly #delimiter: Buffer
  #socket: DatagramSocket | undefined

  constructor(config: Config) {
    this.#config = config
    this.#delimiter = delimiterOf(config.codec)
  }

  async connect(): Promise<void> {
    const { createSocket } = await import('node:dgram')
    const { host, port } = parseAddress(this.#config.address) ?? { host: '', port: 0 }
    const to = host === '::' ? 'localhost' : host
    this.#socket?.close()
    const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4')
    // That nobody listened to an earlier one is told with a later one, to no use.
    socket.on('error', () => {})
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.connect(port, to, () => resolve())
    }).catch((cause) => {
      socket.close()
      throw notConnected(this.#config, cause)
    })
    this.#socket = socket
  }

  async write(batch: Batch): Promise<void> {
    const failed = new Map<Message, HeadgateError>()
    const sent = batch.map(async (message) => {
      const error = await this.#send(framed([message], this.#delimiter))
      if (error !== undefined) failed.set(message, error)
    })
    await Promise.all(sent)
    if (failed.size > 0) throw new BatchError(failed)
  }

  async close(): Promise<void> {
    this.#socket?.close()
    this.#socket = undefined
  }

  #send(bytes: Uint8Array): Promise<HeadgateError | undefined> {
    if (bytes.length > DATAGRAM_BYTES_MAX) {
      const message = `expected a message of at most ${DATAGRAM_BYTES_MAX} bytes, got ${bytes.length}`
      return Promise.resolve(new HeadgateError('RecordTooLarge', message))
    }
    return new Promise((resolve) => {
      const told = (cause: Error | null): void => {
        // A host that refused an earlier datagram is no reason to hold this one back for ever.
        const lost = cause !== null && (cause as NodeJS.ErrnoException).code !== 'ECONNREFUSED'
        const message = `cannot send to ${this.#config.address}: ${cause?.message}`
        resolve(lost ? new HeadgateError('OutputFailed', message, { cause }) : undefined)
      }
      if (this.#socket === undefined) told(new Error('it is not open'))
      else this.#socket.send(bytes, told)
    })
  }
}
