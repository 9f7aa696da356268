/**
 * Delivers batches to an HTTP endpoint: what a Sink of type `standard` becomes.
 *
 * It repeats by itself, so that a batch keeps its Idempotency-Key over all tries. A batch that the endpoint does not
 * take is halved until the bad record stands alone; that one goes to the dead letter, in one atom with the position of
 * the input, or is rejected where there is none. Messages that failed on their way here are bad records too.
 */

import type { Agent } from 'undici'
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { durationField, secretField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { DeadLetters, Undelivered } from '../dead-letter.ts'
import { judgeAnswer } from '../http/delivery-verdict.ts'
import { type Answer, exchange, withoutSecrets } from '../http/exchange.ts'
import { type RetryWaits, retryWaitMs } from '../http/retry-wait.ts'
import { formatPayload, isJson, type PayloadFormat, payloadFormat } from '../payload-format.ts'
import { idempotencyKey, streamPlaceOf } from '../stream-place.ts'

export const STANDARD_HEADERS_MAX = 5
export const STANDARD_TIMEOUT_MS = 20_000

const fields = {
  url: Type.String({ minLength: 1, description: 'Where to post.' }),
  headers: Type.Record(Type.String(), secretField({ description: 'A header, or its secret.' }), {
    default: {},
    description: 'At most five headers of the request.',
  }),
  payload_format: Type.String({
    default: '$dataset',
    description: 'The body; `$dataset` stands for the records of the batch.',
  }),
  log_line_separator: Type.String({
    default: '\n',
    description: 'What stands between two records.',
  }),
  retry: Type.Object(
    {
      attempts: Type.Integer({ default: 0, minimum: 0, description: 'Tries; 0 for ever.' }),
      initial: durationField({ default: '1s', description: 'The first wait.' }),
      max: durationField({ default: '1m', description: 'The longest wait.' }),
      jitter: Type.Number({
        default: 0.2,
        minimum: 0,
        maximum: 1,
        description: 'How much of a wait is left to chance.',
      }),
    },
    { default: {}, description: 'Waits between tries.' },
  ),
  dead_letter: Type.String({
    default: '',
    description: 'The stream that takes what cannot be delivered.',
  }),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const standard: OutputDefinition = defineOutput({
  name: 'standard',
  status: 'stable',
  effects: 'write',
  summary: 'Posts batches to an HTTP endpoint, with retries and a dead letter.',
  config,
  delivery: 'sends',
  maxInFlight: 1,
  batching: true,
  streams: ({ dead_letter }) => (dead_letter === '' ? [] : [dead_letter]),
  check: ({ url, headers }) => [
    ...(/^https?:\/\/\S+$/.test(url) || url.includes('${')
      ? []
      : [{ path: ['url'], message: `expected an http:// or https:// URL, got ${url}` }]),
    ...(Object.keys(headers).length <= STANDARD_HEADERS_MAX
      ? []
      : [{ path: ['headers'], message: `expected at most ${STANDARD_HEADERS_MAX} headers` }]),
  ],
  examples: [
    {
      title: 'A JSON array of up to 500 records',
      config: {
        url: 'http://127.0.0.1:8080/in',
        payload_format: '[$dataset]',
        log_line_separator: ',',
        batching: { count: 500, period: '1s' },
      },
    },
    {
      title: 'With a secret and a dead letter',
      config: {
        url: 'https://example.org/in',
        headers: { Authorization: { fromSecret: { name: 'in', key: 'token' } } },
        dead_letter: 'undelivered',
      },
    },
  ],
  build: (options, context) => new StandardOutput(options, context),
})

class StandardOutput implements Output {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #format: PayloadFormat
  readonly #waits: RetryWaits
  readonly #deadLetters: DeadLetters | undefined
  #headers: Readonly<Record<string, string>> = {}
  #agent: Agent | undefined

  constructor(options: Config, context: BuildContext) {
    const { retry, dead_letter } = options
    this.#config = options
    this.#context = context
    this.#format = payloadFormat(options.payload_format, options.log_line_separator)
    this.#waits = {
      initialMs: context.durationMs(retry.initial) ?? 0,
      maxMs: context.durationMs(retry.max) ?? 0,
      jitter: retry.jitter,
    }
    this.#deadLetters =
      dead_letter === '' ? undefined : new DeadLetters(dead_letter, context.path, context)
  }

  async connect(): Promise<void> {
    const { secrets } = this.#context.environment
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(this.#config.headers)) {
      headers[name] = typeof value === 'string' ? value : await secrets.resolve(value)
    }
    this.#headers = headers
    // Whoever only judges a config has no use for an HTTP client.
    const { Agent } = await import('undici')
    this.#agent ??= new Agent()
  }

  async write(batch: Batch, delivery: Delivery): Promise<void> {
    const undelivered = new Undelivered(this.#deadLetters)
    for (const group of byShard(batch)) {
      const sound = undelivered.addFailed(group)
      if (sound.length > 0) await this.#deliver(sound, delivery, undelivered)
    }
    undelivered.settle(delivery)
  }

  async close(): Promise<void> {
    await this.#agent?.destroy()
  }

  async #deliver(
    group: readonly Message[],
    delivery: Delivery,
    undelivered: Undelivered,
  ): Promise<void> {
    const answer = await this.#persist(group, delivery)
    if (answer === undefined) return
    const [only] = group
    const given = judgeAnswer(answer) === 'split' && group.length > 1
    if (given) {
      const middle = Math.ceil(group.length / 2)
      await this.#deliver(group.slice(0, middle), delivery, undelivered)
      await this.#deliver(group.slice(middle), delivery, undelivered)
    } else if (only !== undefined) {
      for (const message of group) undelivered.add(message, this.#failure(answer))
    }
  }

  /** Undefined when delivered; else the answer after which trying again is of no use. */
  async #persist(group: readonly Message[], delivery: Delivery): Promise<Answer | undefined> {
    const { clock, random } = this.#context.environment
    const request = this.#request(group)
    const dispatcher = this.#agent
    if (dispatcher === undefined) {
      throw new HeadgateError('NotConnected', 'the output is not connected')
    }
    for (let tries = 1; ; tries++) {
      const answer = await exchange(request, { dispatcher, clock, signal: delivery.signal })
      const verdict = judgeAnswer(answer)
      const { attempts } = this.#config.retry
      const last = verdict === 'split' || (verdict === 'retry' && tries === attempts)
      if (verdict === 'delivered' || last) {
        if (tries > 1) delivery.report(undefined)
        return last ? answer : undefined
      }
      const failure = this.#failure(answer)
      delivery.report(failure)
      const asked = answer.kind === 'answered' ? answer.retryAfterMs : undefined
      const waitMs =
        verdict === 'endpoint'
          ? Math.max(this.#waits.maxMs, asked ?? 0)
          : retryWaitMs(this.#waits, tries, asked, random)
      await clock.sleep(waitMs, delivery.signal)
    }
  }

  #request(group: readonly Message[]): Parameters<typeof exchange>[0] {
    const body = formatPayload(
      this.#format,
      group.map((message) => message.content()),
    )
    const headers: Record<string, string> = {}
    const first = streamPlaceOf(group[0])
    const last = streamPlaceOf(group.at(-1))
    if (first !== undefined && last !== undefined) {
      headers['Idempotency-Key'] = idempotencyKey(first, last.sequence)
    }
    const own = new Set(Object.keys(this.#headers).map((name) => name.toLowerCase()))
    if (!own.has('content-type')) {
      headers['Content-Type'] = isJson(body) ? 'application/json' : 'text/plain'
    }
    // Of several records the first counts: a request belongs to one trace.
    const trace = group[0] === undefined ? undefined : this.#context.trace(group[0])
    for (const [name, value] of Object.entries(trace ?? {})) {
      if (!own.has(name)) headers[name] = value
    }
    return {
      url: this.#config.url,
      method: 'POST',
      headers: { ...headers, ...this.#headers },
      body,
      timeoutMs: STANDARD_TIMEOUT_MS,
    }
  }

  #failure(answer: Answer): HeadgateError {
    if (answer.kind === 'failed') return answer.error
    const { status, excerpt } = answer
    const about = [401, 403, 407].includes(status) ? ' (AuthFailed)' : ''
    const text = `POST ${withoutSecrets(this.#config.url)} answered ${status}${about}: ${excerpt}`
    return new HeadgateError('OutputFailed', text.replace(/: $/, ''))
  }
}

/** A request carries records of one shard, in their order, so that its key can name them. */
function byShard(batch: Batch): readonly (readonly Message[])[] {
  const groups = new Map<string, Message[]>()
  for (const message of batch) {
    const place = streamPlaceOf(message)
    const key = place === undefined ? '' : `${place.stream}/${place.incarnation}/${place.shard}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [message])
    else group.push(message)
  }
  return [...groups.values()]
}
