/**
 * Appends messages to a stream. It writes nothing itself: it enlists its records in the transaction, and the runtime
 * writes them in one atom with the input's position.
 */

import { Type } from '../../../crds/typebox.ts'
import type { Interpolation, MappingFailure } from '../../bloblang/mapping.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import { keyMissing } from '../../log/compaction/require-keys.ts'
import {
  RECORD_DATA_BYTES_MAX,
  RECORD_HEADER_NAME_BYTES_MAX,
  RECORD_HEADER_VALUE_BYTES_MAX,
  RECORD_HEADERS_MAX,
  RECORD_KEY_BYTES_MAX,
  type RecordHeader,
  type RecordInput,
} from '../../log/record.ts'
import { looksAtBatch } from '../../pipelines/alone.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import type { PipelineEnvironment, StreamTarget } from '../../pipelines/pipeline.ts'
import type { OutgoingTrace } from '../../pipelines/tracing/message-trace.ts'
import { TRACE_HEADER_NAMES } from '../../pipelines/tracing/trace-headers.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import type { TraceHeaders } from '../../ports/tracing.ts'

export const streamOutput: OutputDefinition = defineOutput({
  name: 'stream',
  status: 'stable',
  effects: 'write',
  summary: 'Appends messages to a stream.',
  description: `A record that does not fit the type of its stream is rejected alone. Records with one key keep their
order; records without a key are spread over the shards. A header whose value is empty is left out.`,
  config: Type.Object({
    name: Type.String({
      minLength: 1,
      description: 'Name of the stream, in the namespace of the pipeline.',
    }),
    key: interpolatedField({
      default: '',
      description: 'Key of the record; empty for none.',
      examples: ['${! this.id }', '${! @headgate_key }'],
    }),
    headers: Type.Record(
      Type.String(),
      interpolatedField({ description: 'Value of the header.' }),
      {
        default: {},
        description: 'Headers of the record, by name.',
      },
    ),
  }),
  alone: (config) => !looksAtBatch(config),
  delivery: 'enlists',
  streams: (config) => [config.name],
  examples: [
    { title: 'Without a key', config: { name: 'clean' } },
    {
      title: 'Keyed, with a header',
      config: { name: 'clean', key: '${! this.id }', headers: { origin: 'sensor' } },
    },
  ],
  build: (config, context) => {
    const headers = Object.entries(config.headers).map(([name, text]) => ({
      name,
      value: context.interpolation(text),
    }))
    const key = config.key === '' ? undefined : context.interpolation(config.key)
    return new StreamOutput({ name: config.name, key, headers }, context)
  },
})

interface StreamOutputConfig {
  readonly name: string
  readonly key: Interpolation | undefined
  readonly headers: readonly { readonly name: string; readonly value: Interpolation }[]
}

class StreamOutput implements Output {
  readonly #config: StreamOutputConfig
  readonly #environment: PipelineEnvironment
  readonly #trace: OutgoingTrace

  constructor(config: StreamOutputConfig, { environment, trace }: BuildContext) {
    this.#config = config
    this.#environment = environment
    // Whoever names one of these headers says what is in it.
    const isOwn = config.headers.some(({ name }) => TRACE_HEADER_NAMES.includes(name))
    this.#trace = isOwn ? () => undefined : trace
  }

  async connect(): Promise<void> {
    this.#target()
  }

  write(batch: Batch, delivery: Delivery): void {
    const target = this.#target()
    const records: RecordInput[] = []
    let messages: Message[] | undefined
    let failed: Map<Message, HeadgateError> | undefined
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index]
      if (message === undefined) continue
      try {
        records.push(this.#record(batch, index, message, target))
        messages?.push(message)
      } catch (thrown) {
        // From here on not all messages are in; before, the batch itself lists those that are.
        messages ??= batch.slice(0, index)
        failed ??= new Map()
        failed.set(message, withCause(message, asHeadgateError(thrown)))
      }
    }
    if (records.length > 0) delivery.enlist({ target, records, messages: messages ?? batch })
    if (failed !== undefined) throw new BatchError(failed)
  }

  async close(): Promise<void> {}

  /** Asked for each batch: a stream may be deleted and created again while the pipeline runs. */
  #target(): StreamTarget {
    const { namespace, streams } = this.#environment
    const target = streams.resolve(namespace, this.#config.name)
    if (target !== undefined) return target
    throw new HeadgateError('NotConnected', `stream ${this.#config.name} does not exist yet`)
  }

  #record(batch: Batch, index: number, message: Message, target: StreamTarget): RecordInput {
    const data = message.content()
    const misfit = target.check?.(data)
    if (misfit !== undefined)
      throw new HeadgateError('EventInvalid', `stream ${this.#config.name}: ${misfit}`)
    limit('the data of a record', data.length, RECORD_DATA_BYTES_MAX)
    const { key, headers } = this.#config
    const trace = this.#trace(message)
    const isBare = headers.length === 0 && trace === undefined
    if (key === undefined && isBare && target.needsKey !== true) return { data }
    const text = key?.text(batch, index) ?? ''
    if (text === '' && target.needsKey === true) throw keyMissing(this.#config.name, 'a message')
    return {
      data,
      key: text === '' ? undefined : bytesOf('a key', text, RECORD_KEY_BYTES_MAX),
      headers: isBare ? undefined : withTrace(headersOf(headers, batch, index), trace),
    }
  }
}

/** What failed at a processor goes on as it was, and rarely fits: then that it failed is what is to be mended. */
function withCause(message: Message, refused: HeadgateError): HeadgateError {
  const failure = message.failure()
  if (failure === undefined) return refused
  const { code, hint } = refused
  const text = `${refused.message}; it failed before, at ${failedAt(failure)}: ${failure.text}`
  return new HeadgateError(code, text, { ...(hint === undefined ? {} : { hint }), cause: refused })
}

function failedAt({ sourceLabel, sourceName }: MappingFailure): string {
  return sourceLabel === '' ? `processor ${sourceName}` : `processor ${sourceLabel}`
}

function headersOf(
  headers: StreamOutputConfig['headers'],
  batch: Batch,
  index: number,
): readonly RecordHeader[] {
  const made: RecordHeader[] = []
  for (const { name, value } of headers) {
    const text = value.text(batch, index)
    if (text === '') continue
    limit('the name of a header', Buffer.byteLength(name), RECORD_HEADER_NAME_BYTES_MAX)
    made.push({
      name,
      value: bytesOf('the value of a header', text, RECORD_HEADER_VALUE_BYTES_MAX),
    })
  }
  limit('the headers of a record', made.length, RECORD_HEADERS_MAX)
  return made
}

/** A record that has all the headers that it may have goes without. */
function withTrace(
  headers: readonly RecordHeader[],
  trace: TraceHeaders | undefined,
): readonly RecordHeader[] {
  if (trace === undefined) return headers
  const added = Object.entries(trace).map(([name, value]) => ({ name, value: Buffer.from(value) }))
  return headers.length + added.length > RECORD_HEADERS_MAX ? headers : [...headers, ...added]
}

function bytesOf(what: string, text: string, max: number): Uint8Array {
  const bytes = Buffer.from(text)
  limit(what, bytes.length, max)
  return bytes
}

function limit(what: string, got: number, max: number): void {
  if (got > max)
    throw new HeadgateError('RecordTooLarge', `expected ${what} of at most ${max}, got ${got}`)
}
