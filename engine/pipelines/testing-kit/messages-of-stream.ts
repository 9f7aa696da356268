/** Messages of a test as a stream would give them: fit for its type, and with the metadata of a record. */
import type { Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { type Batch, Message, type MetadataView } from '../message.ts'
import type { StreamTarget } from '../pipeline.ts'
import { formatArrival } from '../record-message.ts'

export interface GivenStream {
  readonly stream: string
  readonly check: StreamTarget['check']
  readonly arrivalUs: number
}

/** Throws EventInvalid for what the stream would not take. */
export function messagesOfStream(
  batches: readonly Batch[],
  { stream, check, arrivalUs }: GivenStream,
): readonly Batch[] {
  let sequence = 0
  const given = (message: Message): Message => {
    sequence += 1
    const misfit = check?.(message.content())
    if (misfit !== undefined) {
      const text = `message ${sequence} does not fit the type of stream ${stream}: ${misfit}`
      throw new HeadgateError('EventInvalid', text, {
        hint: 'The stream would not take it: test with what it holds.',
      })
    }
    const place: [string, Value][] = [
      ['headgate_stream', stream],
      ['headgate_shard', 0],
      ['headgate_sequence', sequence],
      ['headgate_arrival', formatArrival(arrivalUs)],
    ]
    return Message.fromBytes(message.content(), new Placed(new Map(place), message))
  }
  return batches.map((batch) => batch.map(given))
}

/** What the test says of it comes before what a stream would. */
class Placed implements MetadataView {
  readonly #place: ReadonlyMap<string, Value>
  readonly #message: Message

  constructor(place: ReadonlyMap<string, Value>, message: Message) {
    this.#place = place
    this.#message = message
  }

  get(key: string): Value | undefined {
    return this.#message.metadata(key) ?? this.#place.get(key)
  }

  *keys(): Iterable<string> {
    yield* new Set([...this.#place.keys(), ...this.#message.metadataKeys()])
  }
}
