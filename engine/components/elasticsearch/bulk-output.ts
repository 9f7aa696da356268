/**
 * Writes each batch as one `_bulk` request, and tells its messages apart: what the cluster refuses for good is rejected
 * alone, what it has no room for now is sent again as `max_retries` and `backoff` say.
 */
import type { Client } from '@elastic/elasticsearch'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { Delivery, Output } from '../../pipelines/component.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { undelivered } from '../outputs/undelivered.ts'
import { type Patience, writeUntilDelivered } from '../outputs/write-until-delivered.ts'
import { secretOf, tlsOptions } from '../tls-fields.ts'
import { type BulkConfig, urlsOf } from './bulk-fields.ts'
import { type BulkItems, failureOf, linesOf } from './bulk-operations.ts'
import { loadElasticsearch } from './load-elasticsearch.ts'

/** Neutral types, which servers of several major versions understand. */
const HEADERS = { 'content-type': 'application/x-ndjson', accept: 'application/json' }
const PING_HEADERS = { accept: 'application/json' }

export class BulkOutput implements Output {
  readonly #config: BulkConfig
  readonly #context: BuildContext
  readonly #texts: Readonly<
    Record<'index' | 'action' | 'id' | 'pipeline' | 'routing', Interpolation>
  >
  readonly #patience: Patience
  #client: Client | undefined

  constructor(config: BulkConfig, context: BuildContext) {
    this.#config = config
    this.#context = context
    this.#texts = {
      index: context.interpolation(config.index),
      action: context.interpolation(config.action),
      id: context.interpolation(config.id),
      pipeline: context.interpolation(config.pipeline),
      routing: context.interpolation(config.routing),
    }
    const { backoff, max_retries: retries } = config
    this.#patience = {
      firstMs: context.durationMs(backoff.initial_interval) ?? 0,
      longestMs: context.durationMs(backoff.max_interval) ?? 0,
      retriesMax: retries === 0 ? Number.POSITIVE_INFINITY : retries,
      elapsedMsMax: context.durationMs(backoff.max_elapsed_time) || Number.POSITIVE_INFINITY,
    }
  }

  async connect(): Promise<void> {
    const { Client } = await loadElasticsearch()
    const { urls, sniff, healthcheck, gzip_compression, timeout, basic_auth } = this.#config
    const tls = await tlsOptions(this.#config.tls, this.#context)
    const { enabled, username } = basic_auth
    const password = enabled ? await secretOf(basic_auth.password, this.#context) : ''
    const requestTimeout = this.#context.durationMs(timeout)
    await this.#client?.close()
    const client = new Client({
      nodes: [...urlsOf(urls)],
      // Tries are counted here.
      maxRetries: 0,
      sniffOnStart: sniff,
      compression: gzip_compression,
      ...(requestTimeout === undefined ? {} : { requestTimeout }),
      ...(enabled ? { auth: { username, password } } : {}),
      ...(tls === undefined ? {} : { tls }),
    })
    this.#client = client
    if (!healthcheck) return
    await client.ping({}, { headers: PING_HEADERS }).catch((thrown) => {
      // Whoever answers is there, and says what it has against us when it is written to.
      if (statusOf(thrown) === undefined) throw this.#away(thrown)
    })
  }

  async write(batch: Batch, delivery: Delivery): Promise<void> {
    const hopeless = new Map<Message, HeadgateError>()
    const lines = this.#lines(batch, hopeless)
    const sending: Output = {
      connect: () => this.connect(),
      close: () => this.close(),
      write: (left) => this.#send(left, { lines, hopeless }, delivery.signal),
    }
    const { clock } = this.#context.environment
    try {
      await writeUntilDelivered(sending, batch, delivery, { patience: this.#patience, clock })
    } catch (thrown) {
      const error = asHeadgateError(thrown)
      for (const message of undelivered(error, batch))
        hopeless.set(message, (error instanceof BatchError && error.failed.get(message)) || error)
    }
    if (hopeless.size > 0) throw new BatchError(hopeless)
  }

  async close(): Promise<void> {
    await this.#client?.close()
  }

  /** Made once: a document that is sent again keeps its id. */
  #lines(
    batch: Batch,
    hopeless: Map<Message, HeadgateError>,
  ): ReadonlyMap<Message, readonly string[]> {
    const lines = new Map<Message, readonly string[]>()
    const { retry_on_conflict: retryOnConflict } = this.#config
    const { index, action, id, pipeline, routing } = this.#texts
    for (const [at, message] of batch.entries()) {
      try {
        const operation = {
          index: index.text(batch, at),
          action: action.text(batch, at),
          id: id.text(batch, at),
          pipeline: pipeline.text(batch, at),
          routing: routing.text(batch, at),
          retryOnConflict,
        }
        lines.set(message, linesOf(operation, message))
      } catch (thrown) {
        hopeless.set(message, asHeadgateError(thrown))
      }
    }
    return lines
  }

  /** One try of what is left. Messages that no try can help go to `hopeless`, and are not tried again. */
  async #send(
    left: Batch,
    known: {
      readonly lines: ReadonlyMap<Message, readonly string[]>
      readonly hopeless: Map<Message, HeadgateError>
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { lines, hopeless } = known
    const sent = left.filter((message) => !hopeless.has(message))
    if (sent.length === 0) return
    const items = await this.#bulk(
      sent.flatMap((message) => lines.get(message) ?? []),
      signal,
    )
    const failed = new Map<Message, HeadgateError>()
    for (const [index, message] of sent.entries()) {
      const failure = failureOf(items[index] ?? {})
      if (failure === undefined) continue
      if (failure.passes) failed.set(message, failure.error)
      else hopeless.set(message, failure.error)
    }
    if (failed.size > 0) throw new BatchError(failed)
  }

  async #bulk(operations: readonly string[], signal: AbortSignal): Promise<BulkItems> {
    const client = this.#client
    if (client === undefined) throw new HeadgateError('NotConnected', 'the output is not connected')
    try {
      const { items } = await client.bulk(
        { operations: [...operations] },
        { headers: HEADERS, signal },
      )
      return items as BulkItems
    } catch (thrown) {
      const status = statusOf(thrown)
      if (status === undefined) throw this.#away(thrown)
      const text = `Elasticsearch answered ${status}: ${reasonOf(thrown)}`
      throw new HeadgateError('OutputFailed', text, { cause: thrown })
    }
  }

  #away(thrown: unknown): HeadgateError {
    const { message } = thrown instanceof Error ? thrown : new Error(String(thrown))
    const nodes = urlsOf(this.#config.urls).map(withoutLogin).join(', ')
    return new HeadgateError('NotConnected', `Elasticsearch at ${nodes}: ${message}`, {
      cause: thrown,
    })
  }
}

/** Undefined when nobody answered. */
function statusOf(thrown: unknown): number | undefined {
  const { statusCode } = thrown as { readonly statusCode?: number }
  return typeof statusCode === 'number' ? statusCode : undefined
}

const REASON_LENGTH_MAX = 200

function reasonOf(thrown: unknown): string {
  const { message } = thrown as Error
  return message.slice(0, REASON_LENGTH_MAX)
}

function withoutLogin(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
