/**
 * Reads the frames that a websocket server sends, a message each.
 *
 * Nothing is acknowledged: what the server sent while there was no connection is lost. Frames that nobody has read yet
 * are held up to a limit, then the connection is paused.
 */
import type { WebSocket } from 'ws'
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { Message } from '../../pipelines/message.ts'
import { autoReplayField, type Replaying, replaying } from '../auto-replay.ts'
import {
  clientSocketFaults,
  clientSocketFields,
  clientSocketNeeds,
  closeClientSocket,
  openClientSocket,
} from '../http/client-socket.ts'
import { withoutSecrets } from '../http/exchange.ts'

/** A connection is paused while so many bytes wait to be read. */
export const WAITING_FRAME_BYTES_MAX: number = 1024 * 1024

const fields = {
  ...clientSocketFields,
  open_message: Type.String({
    default: '',
    description: 'What the server is sent first, each time; nothing where empty.',
  }),
  open_message_type: Type.Unsafe<'binary' | 'text'>({
    type: 'string',
    enum: ['binary', 'text'],
    default: 'binary',
    description: 'As which kind of frame.',
  }),
  connection: Type.Object(
    {
      max_retries: Type.Integer({
        default: -1,
        description:
          'After how many further attempts that fail the input ends; below 0 it goes on for ever.',
      }),
    },
    { default: {}, description: 'How it connects.' },
  ),
  auto_replay_nacks: autoReplayField,
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const websocket: InputDefinition = defineInput({
  name: 'websocket',
  status: 'stable',
  effects: 'read',
  summary: 'Reads messages from a websocket server.',
  description:
    'It connects again whenever the connection ends, for ever or as often as `connection.max_retries` says.',
  config,
  nack: 'replay',
  needs: clientSocketNeeds,
  check: clientSocketFaults,
  examples: [
    { title: 'Another pipeline', config: { url: 'ws://127.0.0.1:4195/foo/get/ws' } },
    {
      title: 'A feed that has to be asked for',
      config: {
        url: 'wss://example.org/feed',
        open_message: '{"subscribe":"trades"}',
        open_message_type: 'text',
      },
    },
  ],
  build: (options, context) => new WebsocketInput(options, context),
})

class WebsocketInput implements Input {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #replaying: Replaying
  readonly #frames: Uint8Array[] = []
  #bytes = 0
  /** Attempts that failed one after the other. */
  #failures = 0
  #gaveUp = false
  #socket: WebSocket | undefined
  #wake: (() => void) | undefined

  constructor(options: Config, context: BuildContext) {
    this.#config = options
    this.#context = context
    this.#replaying = replaying(options.auto_replay_nacks)
  }

  async connect(signal: AbortSignal): Promise<void> {
    const socket = await this.#open(signal)
    if (socket === undefined) return
    this.#failures = 0
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.#came(socket, data))
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = undefined
      this.#wake?.()
    })
    socket.resume()
    const { open_message, open_message_type } = this.#config
    if (open_message !== '') socket.send(open_message, { binary: open_message_type === 'binary' })
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#take() ?? (this.#gaveUp ? undefined : this.#wait(signal))
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    await closeClientSocket(socket, this.#context.environment.clock)
  }

  /** Undefined where it was tried often enough: the input is over then. */
  async #open(signal: AbortSignal): Promise<WebSocket | undefined> {
    try {
      return await openClientSocket(this.#config, this.#context, signal)
    } catch (thrown) {
      const { max_retries } = this.#config.connection
      const isAway = thrown instanceof HeadgateError && thrown.code === 'NotConnected'
      if (!isAway || max_retries < 0 || this.#failures++ < max_retries) throw thrown
      const { logger } = this.#context.environment
      logger.error('the websocket input gave up', { reason: thrown.message })
      this.#gaveUp = true
      return undefined
    }
  }

  #came(socket: WebSocket, frame: Uint8Array): void {
    this.#frames.push(frame)
    this.#bytes += frame.length
    if (this.#bytes >= WAITING_FRAME_BYTES_MAX) socket.pause()
    this.#wake?.()
  }

  #take(): InputBatch | undefined {
    const frame = this.#frames.shift()
    if (frame === undefined) return undefined
    this.#bytes -= frame.length
    if (this.#socket?.isPaused && this.#bytes < WAITING_FRAME_BYTES_MAX) this.#socket.resume()
    return { messages: [Message.fromBytes(frame)], ...this.#replaying }
  }

  async #wait(signal: AbortSignal): Promise<InputBatch> {
    for (;;) {
      signal.throwIfAborted()
      const batch = this.#take()
      if (batch !== undefined) return batch
      if (this.#socket === undefined) {
        const message = `${withoutSecrets(this.#config.url)} closed the websocket`
        throw new HeadgateError('NotConnected', message)
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake)
          this.#wake = undefined
          resolve()
        }
        this.#wake = wake
        signal.addEventListener('abort', wake, { once: true })
      })
    }
  }
}
