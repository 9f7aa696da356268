/** A message whose content is another value; what is too large or too deep to be written is found out here. */
import { preparePayload } from '../bloblang/values/prepare-payload.ts'
import type { Value } from '../bloblang/values/value.ts'
import type { Message } from '../pipelines/message.ts'

export function withDocument(message: Message, value: Value): Message {
  if (typeof value === 'string' || value instanceof Uint8Array) return message.withValue(value)
  const result = { root: value, metadata: undefined, prepared: preparePayload(value) }
  return message.withResult(result) ?? message
}
