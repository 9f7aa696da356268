/**
 * Asks a server for messages: one request after another, or one answer that goes on.
 *
 * What the address and headers say may depend on the last message that was read, which is how pages follow one another.
 * How often it asks is the rate limit's matter.
 */
import type { Readable } from 'node:stream'
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import { Message } from '../../pipelines/message.ts'
import { unlessAborted } from '../../pipelines/unless-aborted.ts'
import { autoReplayField, type Replaying, replaying } from '../auto-replay.ts'
import { clientFaults, clientFields, clientNeeds } from '../http/client-fields.ts'
import { withoutSecrets } from '../http/exchange.ts'
import { HttpClient, RequestFailed } from '../http/http-client.ts'
import { replyBodies } from '../http/reply-messages.ts'
import { BODY_BYTES_MAX } from '../http/request-body.ts'
import { openReader, readerFaults, readerFields } from '../scanners/reader-fields.ts'
import type { OpenScanner, Scanner } from '../scanners/scanner.ts'

const fields = {
  ...clientFields('GET'),
  payload: interpolatedField({
    default: '',
    description: 'The body of each request, whatever its method.',
  }),
  drop_empty_bodies: Type.Boolean({
    default: true,
    description: 'Whether an answer without a body makes no message.',
  }),
  stream: Type.Object(
    {
      enabled: Type.Boolean({
        default: false,
        description: 'Whether one answer goes on, and is read message by message.',
      }),
      reconnect: Type.Boolean({
        default: true,
        description:
          'Whether another request follows when such an answer ends; otherwise the input ends.',
      }),
      ...readerFields,
    },
    { default: {}, description: 'For answers that go on.' },
  ),
  auto_replay_nacks: autoReplayField,
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const httpClient: InputDefinition = defineInput({
  name: 'http_client',
  status: 'stable',
  effects: 'read',
  summary: 'Reads messages from an HTTP server, again and again.',
  description: `Address, headers and payload may refer to the message that was read last: \`\${! this.next }\`. Without a
\`rate_limit\` the next request follows as soon as there is room for its answer. An answer of several parts is a batch.
With \`follow_redirects: false\` a redirect is an answer like others. Metadata: \`http_status_code\`, a number, and what \`extract_headers\` chooses.`,
  config,
  nack: 'replay',
  needs: clientNeeds,
  check: (options) => [
    ...clientFaults(options),
    ...(options.stream.enabled ? readerFaults(options.stream, ['stream']) : []),
  ],
  examples: [
    { title: 'One request after another', config: { url: 'http://127.0.0.1:8080/next' } },
    {
      title: 'Lines of an answer that goes on',
      config: { url: 'http://127.0.0.1:4195/foo/get/stream', stream: { enabled: true } },
    },
    {
      title: 'Pages',
      config: { url: 'http://127.0.0.1:8080/items?after=${! this.last | "" }', retries: 10 },
    },
  ],
  build: async (options, context) =>
    new HttpClientInput(
      options,
      context,
      await HttpClient.from({
        config: options,
        context,
        bodyBytesMax: BODY_BYTES_MAX,
        takesRedirects: true,
      }),
    ),
})

class HttpClientInput implements Input {
  readonly #config: Config
  readonly #client: HttpClient
  readonly #payload: Interpolation
  readonly #scan: OpenScanner | undefined
  readonly #replaying: Replaying
  #last: Message = Message.fromBytes(new Uint8Array())
  #answer: OpenAnswer | undefined
  #ended = false

  constructor(options: Config, context: BuildContext, client: HttpClient) {
    const { stream, payload, auto_replay_nacks } = options
    this.#config = options
    this.#client = client
    this.#payload = context.interpolation(payload)
    this.#scan = stream.enabled ? openReader(stream) : undefined
    this.#replaying = replaying(auto_replay_nacks)
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#client.connect()
    if (this.#scan === undefined || this.#answer !== undefined) return
    const request = this.#client.request([this.#last], 0, this.#body())
    const { headers, status, body } = await this.#client.open(request, signal)
    const metadata = this.#client.extracted({ headers, status })
    const scanner = this.#scan({ name: '', metadata })
    this.#answer = new OpenAnswer(body, scanner, withoutSecrets(request.url))
  }

  async read(signal: AbortSignal): Promise<InputBatch | undefined> {
    const messages = await (this.#scan === undefined ? this.#ask(signal) : this.#next(signal))
    if (messages === undefined) return undefined
    this.#last = messages.at(-1) ?? this.#last
    return { messages, ...this.#replaying }
  }

  async close(): Promise<void> {
    this.#answer?.close()
    await this.#client.close()
  }

  #body(): Uint8Array | undefined {
    const text = this.#payload.text([this.#last], 0)
    return text === '' ? undefined : Buffer.from(text)
  }

  async #ask(signal: AbortSignal): Promise<readonly Message[]> {
    for (;;) {
      const request = this.#client.request([this.#last], 0, this.#body())
      const reply = await this.#client.send(request, signal).catch(failRead)
      const metadata = this.#client.extracted(reply)
      const messages = replyBodies(reply)
        .filter((body) => body.length > 0 || !this.#config.drop_empty_bodies)
        .map((body) => Message.fromBytes(body, metadata))
      if (messages.length > 0) return messages
    }
  }

  async #next(signal: AbortSignal): Promise<readonly Message[] | undefined> {
    if (this.#ended) return undefined
    const answer = this.#answer
    if (answer === undefined) throw new HeadgateError('NotConnected', 'there is no answer to read')
    try {
      const message = await answer.next(signal)
      if (message !== undefined) return [message]
    } catch (thrown) {
      signal.throwIfAborted()
      if (answer.isOpen) throw thrown
      this.#answer = undefined
      throw thrown
    }
    this.#answer = undefined
    answer.close()
    if (this.#config.stream.reconnect) {
      throw new HeadgateError('NotConnected', `${answer.name} ended its answer`)
    }
    this.#ended = true
    return undefined
  }
}

/** Nobody answered, or not as was asked for. */
function failRead(thrown: unknown): never {
  if (!(thrown instanceof RequestFailed)) throw thrown
  const code = thrown.status === undefined ? 'NotConnected' : 'InputFailed'
  throw new HeadgateError(code, thrown.message, { cause: thrown })
}

/** An answer that goes on, while it is read. */
class OpenAnswer {
  readonly name: string
  readonly #body: Readable
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #scanner: Scanner
  /** A chunk that was asked for when a read was given up. */
  #asked: Promise<IteratorResult<Uint8Array>> | undefined
  #ended = false

  constructor(body: Readable, scanner: Scanner, name: string) {
    this.name = name
    this.#body = body
    this.#chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    this.#scanner = scanner
  }

  get isOpen(): boolean {
    return !this.#ended
  }

  /** The next message, or undefined at the end of the answer or of what can be understood of it. */
  async next(signal: AbortSignal): Promise<Message | undefined> {
    for (;;) {
      const message = this.#scanner.next()
      if (message !== undefined) return message
      if (this.#ended || this.#scanner.broken) return undefined
      const chunk = await this.#chunk(signal)
      if (chunk === undefined) await this.#scanner.end()
      else await this.#scanner.push(chunk)
    }
  }

  close(): void {
    this.#ended = true
    this.#asked?.catch(() => {})
    this.#body.on('error', () => {}).destroy()
  }

  async #chunk(signal: AbortSignal): Promise<Uint8Array | undefined> {
    this.#asked ??= this.#chunks.next()
    try {
      const { done, value } = await unlessAborted(this.#asked, signal)
      this.#asked = undefined
      if (done === true) this.#ended = true
      return done === true ? undefined : value
    } catch (thrown) {
      signal.throwIfAborted()
      this.#ended = true
      const message = `${this.name} broke off its answer`
      throw new HeadgateError('NotConnected', message, { cause: thrown })
    }
  }
}
