/**
 * `headgate/client`: a typed client of the native API, for Node and for pages that the server itself serves.
 *
 * `Streams` says what each stream holds; `headgate types` writes it from the StreamTypes of a folder.
 */
import { type ClientOptions, Connection } from './connection.ts'
import { GroupClient } from './group-client.ts'
import { type Kind, ResourceClient } from './resource-client.ts'
import { StreamClient } from './stream-client.ts'

export type { ClientOptions } from './connection.ts'
export type { ConsumedBatch, ConsumeOptions } from './consumer.ts'
export type { GroupClient } from './group-client.ts'
export { RequestFailed } from './request-failed.ts'
export type {
  ApplyOptions,
  Kind,
  Resource,
  ResourceClient,
  ResourceEvent,
  WatchOptions,
} from './resource-client.ts'
export type { AppendOptions, PageOptions, ReadOptions, StreamClient } from './stream-client.ts'
export type { Appended, NewRecord, Page, StreamRecord } from './stream-record.ts'

export class HeadgateClient<Streams extends object = Readonly<Record<string, unknown>>> {
  readonly #connection: Connection

  constructor(options: ClientOptions = {}) {
    this.#connection = new Connection(options)
  }

  stream<Name extends keyof Streams & string>(name: Name): StreamClient<Streams[Name]> {
    return new StreamClient(this.#connection, name)
  }

  group(name: string): GroupClient<Streams> {
    return new GroupClient(this.#connection, name)
  }

  resources<K extends Kind>(kind: K): ResourceClient<K> {
    return new ResourceClient(this.#connection, kind)
  }
}
