/** A record before and after the log has it. Bytes are never copied for the caller: treat them as read-only. */

export interface RecordHeader {
  readonly name: string
  readonly value: Uint8Array
}

/** What a producer gives. */
export interface RecordInput {
  readonly key?: Uint8Array | undefined
  /** In the producer's order; a name may come twice. */
  readonly headers?: readonly RecordHeader[] | undefined
  /** At most 16 bytes that v3io producers attach; nobody here interprets them. */
  readonly clientInfo?: Uint8Array | undefined
  readonly data: Uint8Array
}

/** What a reader gets. */
export interface LogRecord extends RecordInput {
  readonly headers: readonly RecordHeader[]
  /** Increasing within the shard from 1; never assume that the next one is this plus one. */
  readonly sequence: number
  /** Microseconds since 1970; never decreases within a shard. */
  readonly arrivalUs: number
}

export const RECORD_DATA_BYTES_MAX: number = 2 * 1024 * 1024
export const RECORD_KEY_BYTES_MAX = 4096
export const RECORD_HEADERS_MAX = 256
export const RECORD_HEADER_NAME_BYTES_MAX = 256
export const RECORD_HEADER_VALUE_BYTES_MAX = 65_536
export const RECORD_CLIENT_INFO_BYTES_MAX = 16
