/** A consumer group: those who read a stream together, each record by one of them. */
import type { Connection } from './connection.ts'
import { type ConsumedBatch, type ConsumeOptions, Consumer } from './consumer.ts'
import { StreamClient } from './stream-client.ts'

export class GroupClient<Streams extends object> {
  readonly name: string
  readonly #connection: Connection

  constructor(connection: Connection, name: string) {
    this.#connection = connection
    this.name = name
  }

  /**
   * Joins when the loop begins, and leaves when it ends. A batch is committed once the loop asks for the next one:
   * leave the loop by a throw, and it is read again.
   */
  consume<Name extends keyof Streams & string>(
    stream: Name,
    options: ConsumeOptions = {},
  ): AsyncGenerator<ConsumedBatch<Streams[Name]>, void, void> {
    const client = new StreamClient<Streams[Name]>(this.#connection, stream)
    return new Consumer(this.#connection, client, this.name, options).batches()
  }
}
