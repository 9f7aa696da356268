/**
 * Makes a dead letter of what could not be delivered: the record as it was read, and headers that say what happened.
 *
 * It goes into the log in one atom with the position of the input, so it is neither lost nor written twice. What the
 * dead-letter stream does not take is rejected alone, and so is shown and comes again: nothing else holds it.
 */
import { attemptOf, letterHeaders } from '../dead-letters/letter-headers.ts'
import { asHeadgateError, HeadgateError } from '../error.ts'
import { keyMissing } from '../log/compaction/require-keys.ts'
import type { RecordHeader, RecordInput } from '../log/record.ts'
import {
  RECORD_DATA_BYTES_MAX,
  RECORD_HEADER_NAME_BYTES_MAX,
  RECORD_HEADER_VALUE_BYTES_MAX,
  RECORD_KEY_BYTES_MAX,
} from '../log/record.ts'
import type { BuildContext } from '../pipelines/build-context.ts'
import type { Delivery } from '../pipelines/component.ts'
import type { Counter } from '../pipelines/component-metrics.ts'
import type { Batch, Message, SourceRecord } from '../pipelines/message.ts'
import type { PipelineEnvironment, StreamTarget } from '../pipelines/pipeline.ts'
import { formatArrival } from '../pipelines/record-message.ts'
import { BatchError } from '../pipelines/transaction.ts'
import { streamPlaceOf } from './stream-place.ts'

const OWN_METADATA = /^headgate[_-]/

export class DeadLetters {
  readonly #stream: string
  readonly #component: string
  readonly #environment: PipelineEnvironment
  readonly #made: Counter | undefined

  /** `component`: whom to blame for what failed at no processor. */
  constructor(
    stream: string,
    component: string,
    { environment, metrics }: Pick<BuildContext, 'environment'> & Partial<BuildContext>,
  ) {
    this.#stream = stream
    this.#component = component
    this.#environment = environment
    this.#made = metrics?.counter('dead_letters', { dead_letter_stream: stream })
  }

  count(letters: number): void {
    this.#made?.add(letters)
  }

  /** Throws when there is no such stream, or it does not take the record. */
  record(message: Message, why: HeadgateError): DeadLetter {
    const { namespace, streams } = this.#environment
    const target = streams.resolve(namespace, this.#stream)
    if (target === undefined) {
      throw new HeadgateError('StreamNotFound', `dead-letter stream ${this.#stream} does not exist`)
    }
    const data = message.origin.content()
    const { key, headers = [], clientInfo } = message.origin.sourceRecord() ?? recordOf(message)
    const misfit = data.length > RECORD_DATA_BYTES_MAX ? 'it is too large' : target.check?.(data)
    if (misfit !== undefined) {
      const text = `dead-letter stream ${this.#stream} does not take the record: ${misfit}`
      throw new HeadgateError('EventInvalid', `${text} (it failed: ${why.message})`, {
        hint: 'a dead-letter stream has no type, or the type of the stream that is read',
      })
    }
    if (target.needsKey === true && key === undefined) {
      throw keyMissing(`${this.#stream}, which takes dead letters,`, 'a record')
    }
    const record = { data, key, clientInfo, headers: this.#headers(message, headers, why) }
    return { target, record, message }
  }

  #headers(
    message: Message,
    headers: readonly RecordHeader[],
    why: HeadgateError,
  ): readonly RecordHeader[] {
    const failedAt = message.failure()?.sourcePath ?? ''
    return letterHeaders(headers, {
      reason: why.message,
      component: failedAt === '' ? this.#component : failedAt,
      // What was made of several records, or by no stream, has no place to go back to.
      place: message.origin.sourceRecord() === undefined ? undefined : streamPlaceOf(message),
      time: formatArrival(this.#environment.clock.wallUs()),
      attempt: attemptOf(headers) + 1,
    })
  }
}

export interface DeadLetter {
  readonly target: StreamTarget
  readonly record: RecordInput
  readonly message: Message
}

/** What one write comes to, message by message: letters, and those that nothing takes. */
export class Undelivered {
  readonly #letters: DeadLetters | undefined
  readonly #made: DeadLetter[] = []
  readonly #left = new Map<Message, HeadgateError>()

  /** Without letters everything that failed is left. */
  constructor(letters: DeadLetters | undefined) {
    this.#letters = letters
  }

  add(message: Message, why: HeadgateError): void {
    if (this.#letters === undefined) {
      this.#left.set(message, why)
      return
    }
    try {
      this.#made.push(this.#letters.record(message, why))
    } catch (thrown) {
      this.#left.set(message, asHeadgateError(thrown))
    }
  }

  /** Those of the batch that failed at a processor; the others are returned. */
  addFailed(batch: Batch): Batch {
    return batch.filter((message) => {
      const failure = message.failure()
      if (failure === undefined) return true
      this.add(message, new HeadgateError('MappingFailed', failure.text))
      return false
    })
  }

  /** Enlists the letters, all of one stream and together; throws a BatchError that names what is left. */
  settle(delivery: Delivery): void {
    const [first] = this.#made
    if (first !== undefined) {
      this.#letters?.count(this.#made.length)
      delivery.enlist({
        target: first.target,
        records: this.#made.map(({ record }) => record),
        messages: this.#made.map(({ message }) => message),
        deadLetters: true,
      })
    }
    if (this.#left.size > 0) throw new BatchError(this.#left)
  }
}

/** Of a message that no stream gave: its metadata as far as headers can hold it. */
function recordOf({ origin }: Message): SourceRecord {
  const headers: RecordHeader[] = []
  for (const name of origin.metadataKeys()) {
    const value = origin.metadata(name)
    if (OWN_METADATA.test(name) || typeof value !== 'string') continue
    const bytes = Buffer.from(value)
    const fits =
      Buffer.byteLength(name) <= RECORD_HEADER_NAME_BYTES_MAX &&
      bytes.length <= RECORD_HEADER_VALUE_BYTES_MAX
    if (fits) headers.push({ name, value: bytes })
  }
  const text = origin.metadata('headgate_key')
  const key = typeof text === 'string' ? Buffer.from(text) : undefined
  return key === undefined || key.length > RECORD_KEY_BYTES_MAX ? { headers } : { key, headers }
}
