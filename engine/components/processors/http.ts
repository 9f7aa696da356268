/**
 * Sends messages as HTTP requests, and puts the answers in their place.
 *
 * What fails stays as it was, flagged, with the status of the last answer as `http_status_code`.
 */
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineProcessor,
  type Processor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { clientFaults, clientFields, clientNeeds } from '../http/client-fields.ts'
import { HttpClient, type Reply, RequestFailed } from '../http/http-client.ts'
import { formMultipart } from '../http/multipart.ts'
import { replyBodies } from '../http/reply-messages.ts'
import { BODY_BYTES_MAX } from '../http/request-body.ts'
import { withMetadataSet } from '../metadata-map.ts'

/** So many requests of a batch run at once. */
export const PARALLEL_REQUESTS_MAX = 64

const fields = {
  ...clientFields('POST'),
  batch_as_multipart: Type.Boolean({
    default: false,
    description: 'Whether a batch is one request of several parts.',
  }),
  parallel: Type.Boolean({
    default: false,
    description: `Whether the messages of a batch are sent at once, up to ${PARALLEL_REQUESTS_MAX}, rather than in turn.`,
  }),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const http: ProcessorDefinition = defineProcessor({
  name: 'http',
  status: 'stable',
  effects: 'write',
  summary: 'Sends each message as an HTTP request, and goes on with the answer.',
  description: `The message is the body of its request, also of a GET or HEAD, unless it is empty. An answer of several parts
becomes as many messages; with \`follow_redirects: false\` a redirect is an answer like others. Metadata: \`http_status_code\`, a number, of failures too,
and what \`extract_headers\` chooses. A message whose request failed goes on as it was, flagged. To keep the message and take
something of the answer over, put \`http\` into a \`branch\`:

\`\`\`yaml
branch:
  request_map: 'root = ""'
  processors:
    - http: { url: 'https://example.org/users/\${! @user }', verb: GET }
  result_map: root.user = this
\`\`\``,
  config,
  needs: clientNeeds,
  check: clientFaults,
  examples: [
    {
      title: 'A request that nobody answers flags its message',
      config: { url: 'http://127.0.0.1:1/', retries: 0 },
      given: [{ id: 1 }],
      then: [{ id: 1 }],
    },
  ],
  build: async (options, context) =>
    new HttpProcessor(
      options,
      context,
      await HttpClient.from({
        config: options,
        context,
        carriesTrace: true,
        bodyBytesMax: BODY_BYTES_MAX,
        takesRedirects: true,
      }),
    ),
})

class HttpProcessor implements Processor {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #client: HttpClient
  #connecting: Promise<void> | undefined

  constructor(options: Config, context: BuildContext, client: HttpClient) {
    this.#config = options
    this.#context = context
    this.#client = client
  }

  async process(batch: Batch, signal: AbortSignal): Promise<readonly Batch[]> {
    this.#connecting ??= this.#client.connect()
    try {
      await this.#connecting
    } catch (thrown) {
      this.#connecting = undefined
      throw thrown
    }
    const made =
      this.#config.batch_as_multipart && batch.length > 1
        ? await this.#sendAll(batch, signal)
        : await this.#sendEach(batch, signal)
    return made.length === 0 ? [] : [made]
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async #sendAll(batch: Batch, signal: AbortSignal): Promise<Batch> {
    const parts = batch.map((message) => ({
      headers: { 'Content-Type': 'application/octet-stream' },
      body: message.content(),
    }))
    const form = formMultipart(parts, this.#context.environment.random)
    const own = { 'Content-Type': form.contentType }
    try {
      const request = this.#client.request(batch, 0, form.body, own)
      return this.#answered(batch, await this.#client.send(request, signal))
    } catch (thrown) {
      signal.throwIfAborted()
      return batch.map((message) => this.#failed(message, thrown))
    }
  }

  async #sendEach(batch: Batch, signal: AbortSignal): Promise<Batch> {
    const made: (readonly Message[])[] = []
    let next = 0
    const work = async (): Promise<void> => {
      while (next < batch.length) {
        const index = next++
        made[index] = await this.#sendOne(batch, index, signal)
      }
    }
    const workers = this.#config.parallel ? Math.min(PARALLEL_REQUESTS_MAX, batch.length) : 1
    await Promise.all(Array.from({ length: workers }, work))
    return made.flat()
  }

  async #sendOne(batch: Batch, index: number, signal: AbortSignal): Promise<Batch> {
    const message = batch[index] as Message
    try {
      const request = this.#client.request(batch, index, message.content())
      return this.#answered([message], await this.#client.send(request, signal))
    } catch (thrown) {
      signal.throwIfAborted()
      return [this.#failed(message, thrown)]
    }
  }

  /** A part has the metadata of the message at its place, or of the last. */
  #answered(batch: Batch, reply: Reply): Batch {
    const extracted = this.#client.extracted(reply)
    return replyBodies(reply).map((body, index) => {
      const message = batch[Math.min(index, batch.length - 1)] as Message
      return withMetadataSet(message.withContent(body).withFailure(undefined), extracted)
    })
  }

  #failed(message: Message, thrown: unknown): Message {
    const status = thrown instanceof RequestFailed ? thrown.status : undefined
    const told =
      status === undefined ? message : withMetadataSet(message, [['http_status_code', status]])
    const reason =
      thrown instanceof HeadgateError ? thrown : new HeadgateError('OutputFailed', String(thrown))
    return told.withFailure(this.#context.failure(reason))
  }
}
