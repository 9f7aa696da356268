/**
 * Sends each message to a websocket server, as a binary frame.
 *
 * A message is delivered once it was written to the connection: the server acknowledges nothing. One that could not be
 * written is sent again over the next connection.
 */
import type { WebSocket } from 'ws'
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { unlessAborted } from '../../pipelines/unless-aborted.ts'
import {
  clientSocketFaults,
  clientSocketFields,
  clientSocketNeeds,
  closeClientSocket,
  openClientSocket,
} from '../http/client-socket.ts'
import { withoutSecrets } from '../http/exchange.ts'

const fields = { ...clientSocketFields }
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const websocket: OutputDefinition = defineOutput({
  name: 'websocket',
  status: 'stable',
  effects: 'write',
  summary: 'Sends messages to a websocket server.',
  config,
  delivery: 'sends',
  needs: clientSocketNeeds,
  check: clientSocketFaults,
  examples: [
    { title: 'Another pipeline', config: { url: 'ws://127.0.0.1:4195/foo/post/ws' } },
    {
      title: 'With a name and a password',
      config: {
        url: 'wss://example.org/in',
        basic_auth: { enabled: true, username: 'me', password: '${PASSWORD:}' },
      },
    },
  ],
  build: (options, context) => new WebsocketOutput(options, context),
})

class WebsocketOutput implements Output {
  readonly #config: Config
  readonly #context: BuildContext
  #socket: WebSocket | undefined

  constructor(options: Config, context: BuildContext) {
    this.#config = options
    this.#context = context
  }

  async connect(signal: AbortSignal): Promise<void> {
    const socket = await openClientSocket(this.#config, this.#context, signal)
    this.#socket = socket
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = undefined
    })
    // Whatever the server says is read, and forgotten.
    socket.resume()
  }

  async write(batch: Batch, { signal }: Delivery): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) throw this.#lost()
    for (const message of batch) await unlessAborted(this.#send(socket, message), signal)
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    await closeClientSocket(socket, this.#context.environment.clock)
  }

  #send(socket: WebSocket, message: Message): Promise<void> {
    return new Promise((resolve, reject) =>
      socket.send(message.content(), { binary: true }, (error) => {
        if (error == null) resolve()
        else reject(this.#lost(error))
      }),
    )
  }

  #lost(cause?: unknown): HeadgateError {
    const message = `${withoutSecrets(this.#config.url)} closed the websocket`
    return new HeadgateError('NotConnected', message, { cause })
  }
}
