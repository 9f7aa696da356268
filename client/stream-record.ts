/** A record as the API gives it, and as it takes it. */

export type Headers = Readonly<Record<string, string | readonly string[]>>

export interface StreamRecord<Value> {
  readonly shard: number
  readonly sequence: number
  /** When it became durable, RFC 3339 in microseconds. */
  readonly arrival: string
  readonly key?: string
  readonly headers?: Headers
  /** The JSON that was sent. Absent where the record is no JSON. */
  readonly value: Value
  /** Base64 of the bytes of a record that is no JSON. */
  readonly data?: string
}

/** Exactly one of `value` and `data`. */
export interface NewRecord<Value> {
  readonly key?: string
  readonly headers?: Headers
  readonly value?: Value
  /** Base64. */
  readonly data?: string
}

/** What one read of a shard answers. */
export interface Page<Value> {
  readonly records: readonly StreamRecord<Value>[]
  /** Where the next read begins; opaque. */
  readonly next: string
}

export interface Appended {
  readonly shard: number
  readonly sequence: number
}
