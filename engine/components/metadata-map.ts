/** The metadata of a message with some of it set anew. */
import type { Value } from '../bloblang/values/value.ts'
import type { Message } from '../pipelines/message.ts'

export function withMetadataSet(
  message: Message,
  entries: Iterable<readonly [string, Value]>,
): Message {
  const metadata = new Map<string, Value>()
  for (const key of message.metadataKeys()) metadata.set(key, message.metadata(key) ?? null)
  for (const [key, value] of entries) metadata.set(key, value)
  return message.withMetadata(metadata)
}
