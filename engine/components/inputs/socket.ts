/**
 * Reads what a server sends: the input is the one that connects.
 *
 * It connects again when the connection ends, for ever. A server that is not read does not get rid of more than the
 * system holds, so it waits when the pipeline does. Nothing is asked for twice: what was under way on a connection that
 * broke is the server's to send again.
 */
import type { Socket } from 'node:net'
import { Type } from '../../../crds/typebox.ts'
import { FILTERED, UNCHANGED } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { mappingField } from '../../pipelines/fields.ts'
import { Message } from '../../pipelines/message.ts'
import { autoReplayField, replaying } from '../auto-replay.ts'
import {
  openReader,
  type ReaderConfig,
  readerFaults,
  readerFields,
} from '../scanners/reader-fields.ts'
import { ScannedStream } from '../scanners/scanned-stream.ts'
import { SignalledWake } from '../signalled-wake.ts'
import { notConnected, openSocket, type SocketTarget } from '../sockets/open-socket.ts'
import { addressFaults, pathNeeds } from '../sockets/socket-address.ts'
import { tlsFaults, tlsFields, tlsNeeds } from '../tls-fields.ts'

interface Config extends SocketTarget, ReaderConfig {
  readonly open_message_mapping: string
  readonly auto_replay_nacks: boolean
}

export const socket: InputDefinition = defineInput({
  name: 'socket',
  status: 'stable',
  effects: 'read',
  summary: 'Connects to a TCP or Unix socket and reads what comes.',
  description:
    'A connection that ends is opened again, and read with a scanner from its beginning.',
  config: Type.Object({
    network: Type.Unsafe<string>({
      type: 'string',
      enum: ['unix', 'tcp'],
      description: 'The kind of socket.',
    }),
    address: Type.String({
      minLength: 1,
      description: '`host:port`, or the path of a Unix socket.',
      examples: ['127.0.0.1:6000', '/tmp/feed.sock'],
    }),
    open_message_mapping: mappingField({
      default: '',
      description: 'Gives what is sent first on each connection; empty for nothing.',
    }),
    tls: tlsFields,
    auto_replay_nacks: autoReplayField,
    ...readerFields,
  }),
  nack: 'replay',
  needs: (config) => [...pathNeeds(config), ...tlsNeeds(config.tls)],
  check: (config) => [...addressFaults(config), ...tlsFaults(config.tls), ...readerFaults(config)],
  examples: [
    { title: 'Lines of a feed', config: { network: 'tcp', address: 'feed.example.com:6000' } },
    {
      title: 'After a greeting',
      config: {
        network: 'unix',
        address: './feed.sock',
        open_message_mapping: 'root = "subscribe prices\\n"',
      },
    },
  ],
  build: (config, context) => new SocketInput(config, context),
})

class SocketInput implements Input {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #wake = new SignalledWake()
  #socket: Socket | undefined
  #stream: ScannedStream | undefined

  constructor(config: Config, context: BuildContext) {
    this.#config = config
    this.#context = context
  }

  async connect(signal: AbortSignal): Promise<void> {
    const greeting = this.#greeting()
    const socket = await openSocket(this.#config, this.#context, signal)
    this.#socket = socket
    if (greeting.length > 0) socket.write(greeting)
    const scanner = openReader(this.#config)({ name: '', metadata: undefined })
    this.#stream = new ScannedStream(socket, scanner, () => this.#wake.ring())
    this.#stream.start()
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#take() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#socket?.destroy()
  }

  #greeting(): Uint8Array {
    const { open_message_mapping } = this.#config
    if (open_message_mapping.trim() === '') return new Uint8Array()
    const empty = [Message.fromBytes(new Uint8Array())]
    const { root } = this.#context.mapping(open_message_mapping).map(empty, 0)
    if (root === FILTERED || root === UNCHANGED) return new Uint8Array()
    return Message.fromValue(root).content()
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      await this.#wake.wait(signal)
      const batch = this.#take()
      if (batch !== undefined) return batch
    }
  }

  /** Throws NotConnected once everything that came was taken, and no more can come. */
  #take(): InputBatch | undefined {
    try {
      const messages = this.#stream?.take()
      if (messages !== undefined) {
        return { messages, apart: true, ...replaying(this.#config.auto_replay_nacks) }
      }
    } catch (thrown) {
      if (thrown instanceof HeadgateError) throw thrown
      throw this.#lost(thrown)
    }
    if (this.#stream?.over === true) throw this.#lost('the server ended it')
    return undefined
  }

  #lost(cause: unknown): HeadgateError {
    this.#socket?.destroy()
    return notConnected(this.#config, cause)
  }
}
