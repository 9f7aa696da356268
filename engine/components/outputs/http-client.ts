/**
 * Sends each message as an HTTP request and counts it as delivered once the answer says so.
 *
 * Retries here are the component's own, as its fields say; when they are used up the message is rejected and the
 * pipeline repeats it. A message that came from a stream carries its place as an Idempotency-Key.
 */

import type { Agent } from 'undici'
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { durationField, interpolatedField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { type Answer, type Exchange, exchange, withoutSecrets } from '../http/exchange.ts'
import { idempotencyKey, streamPlaceOf } from '../stream-place.ts'

const statusList = (description: string, statuses: readonly number[]) =>
  Type.Array(Type.Integer({ minimum: 100, maximum: 599 }), { default: [...statuses], description })

const fields = {
  url: interpolatedField({
    description: 'Where to send.',
    examples: ['http://127.0.0.1:8080/${! @topic }'],
  }),
  verb: Type.String({ default: 'POST', minLength: 1, description: 'The method.' }),
  headers: Type.Record(Type.String(), interpolatedField({ description: 'A header.' }), {
    default: {},
    description: 'Headers of the request.',
  }),
  timeout: durationField({ default: '5s', description: 'How long an answer may take.' }),
  retries: Type.Integer({ default: 3, minimum: 0, description: 'Tries after the first.' }),
  retry_period: durationField({ default: '1s', description: 'The wait before a retry.' }),
  max_retry_backoff: durationField({ default: '300s', description: 'The longest wait.' }),
  backoff_on: statusList('Statuses after which waits double.', [429]),
  drop_on: statusList('Statuses that are not retried.', []),
  successful_on: statusList('Statuses besides 200 to 299 that mean success.', []),
  batch_as_multipart: Type.Literal(false, { default: false, description: 'Not available yet.' }),
  propagate_response: Type.Literal(false, { default: false, description: 'Not available yet.' }),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const httpClient: OutputDefinition = defineOutput({
  name: 'http_client',
  status: 'stable',
  effects: 'write',
  summary: 'Sends messages as HTTP requests.',
  config,
  delivery: 'sends',
  maxInFlight: 64,
  batching: true,
  check: ({ verb }) =>
    /^[A-Z]+$/.test(verb) || verb.includes('${')
      ? []
      : [{ path: ['verb'], message: `expected a method such as POST, got ${verb}` }],
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
  ],
  build: (options, context) => new HttpClientOutput(options, context),
})

class HttpClientOutput implements Output {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #url: Interpolation
  readonly #headers: readonly (readonly [string, Interpolation])[]
  #agent: Agent | undefined

  constructor(options: Config, context: BuildContext) {
    this.#config = options
    this.#context = context
    this.#url = context.interpolation(options.url)
    this.#headers = Object.entries(options.headers).map(([name, text]) => [
      name,
      context.interpolation(text),
    ])
  }

  async connect(): Promise<void> {
    // Whoever only judges a config has no use for an HTTP client.
    const { Agent } = await import('undici')
    this.#agent ??= new Agent()
  }

  async write(batch: Batch, { signal }: Delivery): Promise<void> {
    const failed = new Map<Message, HeadgateError>()
    for (const [index, message] of batch.entries()) {
      try {
        await this.#deliver(this.#request(batch, index), signal)
      } catch (thrown) {
        signal.throwIfAborted()
        failed.set(message, asHeadgateError(thrown))
      }
    }
    if (failed.size > 0) throw new BatchError(failed)
  }

  async close(): Promise<void> {
    await this.#agent?.destroy()
  }

  #request(batch: Batch, index: number): Exchange {
    const { verb, timeout } = this.#config
    const headers: Record<string, string> = {}
    for (const [name, value] of this.#headers) headers[name] = value.text(batch, index)
    const place = streamPlaceOf(batch[index])
    if (place !== undefined) headers['Idempotency-Key'] = idempotencyKey(place, place.sequence)
    return {
      url: this.#url.text(batch, index),
      method: verb,
      headers,
      body: verb === 'GET' || verb === 'HEAD' ? undefined : batch[index]?.content(),
      timeoutMs: this.#context.durationMs(timeout),
    }
  }

  async #deliver(request: Exchange, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context.environment
    const agent = this.#agent
    if (agent === undefined) throw new HeadgateError('NotConnected', 'the output is not connected')
    let waitMs = this.#context.durationMs(this.#config.retry_period) ?? 0
    const waitMsMax = this.#context.durationMs(this.#config.max_retry_backoff) ?? waitMs
    for (let attempt = 0; ; attempt++) {
      const answer = await exchange(request, { dispatcher: agent, clock, signal })
      if (this.#succeeded(answer)) return
      if (attempt >= this.#config.retries || this.#isFinal(answer)) {
        throw failureOf(request, answer)
      }
      const askedMs = answer.kind === 'answered' ? (answer.retryAfterMs ?? 0) : 0
      await clock.sleep(Math.min(Math.max(waitMs, askedMs), waitMsMax), signal)
      if (this.#growsWait(answer)) waitMs = Math.min(waitMs * 2, waitMsMax)
    }
  }

  #succeeded(answer: Answer): boolean {
    if (answer.kind === 'failed') return false
    const { status } = answer
    return (status >= 200 && status <= 299) || this.#config.successful_on.includes(status)
  }

  #isFinal(answer: Answer): boolean {
    return answer.kind === 'answered' && this.#config.drop_on.includes(answer.status)
  }

  #growsWait(answer: Answer): boolean {
    return answer.kind === 'answered' && this.#config.backoff_on.includes(answer.status)
  }
}

function failureOf({ method, url }: Exchange, answer: Answer): HeadgateError {
  if (answer.kind === 'failed') return answer.error
  const text = `${method} ${withoutSecrets(url)} answered ${answer.status}: ${answer.excerpt}`
  return new HeadgateError('OutputFailed', text.replace(/: $/, ''))
}
