/** The headers of a message for Kafka: those of its config, its metadata, and what tells which trace it belongs to. */
import { encodePayload } from '../../bloblang/values/encode-payload.ts'
import type { Message } from '../../pipelines/message.ts'
import { TRACE_HEADER_NAMES } from '../../pipelines/tracing/trace-headers.ts'
import type { TraceHeaders } from '../../ports/tracing.ts'

export interface RecordHeaderOptions {
  readonly fixed: readonly (readonly [Buffer, Buffer])[]
  /** Beginnings of names that become no headers. */
  readonly excluded: readonly string[]
  /** In the place of what the metadata tells of a trace. */
  readonly trace: TraceHeaders | undefined
}

export function recordHeaders(
  message: Message | undefined,
  { fixed, excluded, trace }: RecordHeaderOptions,
): Map<Buffer, Buffer> {
  const headers = new Map(fixed)
  const isExcluded = (name: string): boolean => excluded.some((prefix) => name.startsWith(prefix))
  for (const name of message?.metadataKeys() ?? []) {
    if (isExcluded(name) || (trace !== undefined && TRACE_HEADER_NAMES.includes(name))) continue
    const value = message?.metadata(name)
    if (value !== undefined) headers.set(Buffer.from(name), Buffer.from(encodePayload(value)))
  }
  for (const [name, value] of Object.entries(trace ?? {})) {
    if (!isExcluded(name)) headers.set(Buffer.from(name), Buffer.from(value))
  }
  return headers
}
