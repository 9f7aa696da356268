/**
 * Makes a record of what could not be delivered: the record as it was read, and headers that say why and from where.
 *
 * It goes into the log in one atom with the position of the input, so it is neither lost nor written twice.
 */
import { HeadgateError } from '../error.ts'
import type { RecordHeader, RecordInput } from '../log/record.ts'
import {
  RECORD_DATA_BYTES_MAX,
  RECORD_HEADER_NAME_BYTES_MAX,
  RECORD_HEADER_VALUE_BYTES_MAX,
  RECORD_HEADERS_MAX,
} from '../log/record.ts'
import type { Delivery } from '../pipelines/component.ts'
import type { Message } from '../pipelines/message.ts'
import type { PipelineEnvironment, StreamTarget } from '../pipelines/pipeline.ts'
import { streamPlaceOf } from './stream-place.ts'

/** A reason is a sentence, not a page. */
export const REASON_LENGTH_MAX = 1_000
/** What dead letters add themselves. */
const OWN_HEADERS = 5
const OWN_PREFIX = 'headgate'

export class DeadLetters {
  readonly #stream: string
  readonly #component: string
  readonly #environment: PipelineEnvironment

  constructor(stream: string, component: string, environment: PipelineEnvironment) {
    this.#stream = stream
    this.#component = component
    this.#environment = environment
  }

  /** Throws when there is no such stream, or it does not take the record. */
  record(message: Message, why: HeadgateError): DeadLetter {
    const { namespace, streams } = this.#environment
    const target = streams.resolve(namespace, this.#stream)
    if (target === undefined) {
      throw new HeadgateError('StreamNotFound', `dead-letter stream ${this.#stream} does not exist`)
    }
    const data = message.origin.content()
    const misfit = data.length > RECORD_DATA_BYTES_MAX ? 'it is too large' : target.check?.(data)
    if (misfit !== undefined) {
      const text = `dead-letter stream ${this.#stream} does not take the record: ${misfit}`
      throw new HeadgateError('EventInvalid', text, {
        hint: 'a dead-letter stream has no type, or the type of the stream that is read',
      })
    }
    const key = message.origin.metadata('headgate_key')
    const record = {
      data,
      key: typeof key === 'string' ? Buffer.from(key) : undefined,
      headers: this.#headers(message, why),
    }
    return { target, record, message }
  }

  #headers(message: Message, why: HeadgateError): readonly RecordHeader[] {
    const place = streamPlaceOf(message)
    const own: readonly (readonly [string, string])[] = [
      ['headgate-reason', why.message.slice(0, REASON_LENGTH_MAX)],
      ['headgate-component', this.#component],
      ['headgate-stream', place?.stream ?? ''],
      ['headgate-shard', String(place?.shard ?? '')],
      ['headgate-sequence', String(place?.sequence ?? '')],
    ]
    return [
      ...kept(message).slice(0, RECORD_HEADERS_MAX - OWN_HEADERS),
      ...own
        .filter(([, value]) => value !== '')
        .map(([name, value]) => ({ name, value: Buffer.from(value) })),
    ]
  }
}

export interface DeadLetter {
  readonly target: StreamTarget
  readonly record: RecordInput
  readonly message: Message
}

/** All of one stream; together, for they were decided together. */
export function enlistDeadLetters(letters: readonly DeadLetter[], delivery: Delivery): void {
  const [first] = letters
  if (first === undefined) return
  delivery.enlist({
    target: first.target,
    records: letters.map(({ record }) => record),
    messages: letters.map(({ message }) => message),
  })
}

/** The headers that the record came with; those of an earlier dead letter are replaced. */
function kept({ origin }: Message): RecordHeader[] {
  const headers: RecordHeader[] = []
  for (const name of origin.metadataKeys()) {
    const value = origin.metadata(name)
    if (name.startsWith(OWN_PREFIX) || typeof value !== 'string') continue
    const bytes = Buffer.from(value)
    const fits =
      Buffer.byteLength(name) <= RECORD_HEADER_NAME_BYTES_MAX &&
      bytes.length <= RECORD_HEADER_VALUE_BYTES_MAX
    if (fits) headers.push({ name, value: bytes })
  }
  return headers
}
