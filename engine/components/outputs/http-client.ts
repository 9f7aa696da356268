/**
 * Sends each message, or each batch, as an HTTP request and counts it as delivered once the answer says so.
 *
 * Retries here are the component's own, as its fields say; when they are used up the message is rejected and the
 * pipeline repeats it. A message that came from a stream carries its place as an Idempotency-Key.
 */
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { asHeadgateError, type HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { respond } from '../../pipelines/sync-response.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { clientFaults, clientFields, clientNeeds } from '../http/client-fields.ts'
import { HttpClient, type Reply } from '../http/http-client.ts'
import { formMultipart, type Part } from '../http/multipart.ts'
import { replyBodies } from '../http/reply-messages.ts'
import { BODY_BYTES_MAX } from '../http/request-body.ts'
import { withMetadataSet } from '../metadata-map.ts'
import { idempotencyKey, streamPlaceOf } from '../stream-place.ts'

const text = (description: string) => interpolatedField({ default: '', description })

const fields = {
  ...clientFields('POST'),
  batch_as_multipart: Type.Boolean({
    default: false,
    description:
      'Whether a batch is one request of several parts, rather than one request a message.',
  }),
  propagate_response: Type.Boolean({
    default: false,
    description: 'Whether the answer is given to the client that sent the message and waits.',
  }),
  multipart: Type.Array(
    Type.Object({
      content_type: text('Its Content-Type.'),
      content_disposition: text('Its Content-Disposition.'),
      body: text('What it holds.'),
    }),
    { default: [], description: 'The parts of each request, instead of the message.' },
  ),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const httpClient: OutputDefinition = defineOutput({
  name: 'http_client',
  status: 'stable',
  effects: 'write',
  summary: 'Sends messages as HTTP requests.',
  description: `The message is the body of its request, also of a GET or HEAD, unless it is empty. A redirect that
\`follow_redirects: false\` leaves alone delivers nothing, unless \`successful_on\` names it.`,
  config,
  delivery: 'sends',
  maxInFlight: 64,
  batching: true,
  needs: clientNeeds,
  check: clientFaults,
  examples: [
    { title: 'Post each message', config: { url: 'http://127.0.0.1:8080/in' } },
    {
      title: 'With headers, and no retry when refused',
      config: {
        url: 'http://127.0.0.1:8080/${! @topic }',
        headers: { 'Content-Type': 'application/json' },
        drop_on: [400],
      },
    },
    {
      title: 'With a name, a password and a certificate of its own',
      config: {
        url: 'https://example.org/in',
        basic_auth: { enabled: true, username: 'me', password: '${PASSWORD:}' },
        tls: { enabled: true, root_cas_file: './ca.pem' },
      },
    },
    {
      title: 'A batch in one request',
      config: {
        url: 'http://127.0.0.1:8080/in',
        batch_as_multipart: true,
        batching: { count: 100, period: '1s' },
      },
    },
  ],
  build: async (options, context) =>
    new HttpClientOutput(
      options,
      context,
      await HttpClient.from({
        config: options,
        context,
        carriesTrace: true,
        ...(options.propagate_response ? { bodyBytesMax: BODY_BYTES_MAX } : {}),
      }),
    ),
})

interface PartTexts {
  readonly headers: readonly (readonly [name: string, value: Interpolation])[]
  readonly body: Interpolation
}

class HttpClientOutput implements Output {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #client: HttpClient
  readonly #parts: readonly PartTexts[]

  constructor(options: Config, context: BuildContext, client: HttpClient) {
    this.#config = options
    this.#context = context
    this.#client = client
    this.#parts = options.multipart.map(({ content_type, content_disposition, body }) => ({
      headers: [
        ['Content-Type', context.interpolation(content_type)],
        ['Content-Disposition', context.interpolation(content_disposition)],
      ],
      body: context.interpolation(body),
    }))
  }

  async connect(): Promise<void> {
    await this.#client.connect()
  }

  async write(batch: Batch, { signal }: Delivery): Promise<void> {
    if (this.#config.batch_as_multipart && batch.length > 1) {
      await this.#sendAll(batch, signal)
      return
    }
    const failed = new Map<Message, HeadgateError>()
    for (const [index, message] of batch.entries()) {
      try {
        await this.#sendOne(batch, index, signal)
      } catch (thrown) {
        signal.throwIfAborted()
        failed.set(message, asHeadgateError(thrown))
      }
    }
    if (failed.size > 0) throw new BatchError(failed)
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async #sendAll(batch: Batch, signal: AbortSignal): Promise<void> {
    const parts = batch.map((message) => ({
      headers: { 'Content-Type': 'application/octet-stream' },
      body: message.content(),
    }))
    const { contentType, body } = formMultipart(parts, this.#context.environment.random)
    const own = { 'Content-Type': contentType, ...keyOf(batch[0], batch.at(-1)) }
    const reply = await this.#client.send(this.#client.request(batch, 0, body, own), signal)
    this.#propagate(batch, reply)
  }

  async #sendOne(batch: Batch, index: number, signal: AbortSignal): Promise<void> {
    const message = batch[index] as Message
    const key = keyOf(message, message)
    const parts = this.#parts.map((part) => partOf(part, batch, index))
    const form =
      parts.length === 0 ? undefined : formMultipart(parts, this.#context.environment.random)
    const own = form === undefined ? key : { 'Content-Type': form.contentType, ...key }
    const body = form?.body ?? message.content()
    const reply = await this.#client.send(this.#client.request(batch, index, body, own), signal)
    this.#propagate([message], reply)
  }

  /** Each part of the answer goes to whoever waits for the message at its place. */
  #propagate(batch: Batch, reply: Reply): void {
    if (!this.#config.propagate_response) return
    const extracted = this.#client.extracted(reply)
    replyBodies(reply).forEach((body, index) => {
      const message = batch[Math.min(index, batch.length - 1)] as Message
      respond(message, withMetadataSet(message.withContent(body), extracted))
    })
  }
}

function partOf({ headers, body }: PartTexts, batch: Batch, index: number): Part {
  const named = headers
    .map(([name, value]) => [name, value.text(batch, index)] as const)
    .filter(([, value]) => value !== '')
  return { headers: Object.fromEntries(named), body: Buffer.from(body.text(batch, index)) }
}

function keyOf(
  first: Message | undefined,
  last: Message | undefined,
): Readonly<Record<string, string>> {
  const from = streamPlaceOf(first)
  const to = streamPlaceOf(last)
  if (from === undefined || to === undefined) return {}
  const sameShard = from.stream === to.stream && from.shard === to.shard
  return sameShard ? { 'Idempotency-Key': idempotencyKey(from, to.sequence) } : {}
}
