/** What code of other people made of a message, and the message after that. */

import type { Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import type { Message } from '../../pipelines/message.ts'
import type { Logger } from '../../ports/logger.ts'
import { fromForeign, toForeign } from '../foreign-value.ts'

export interface CodeRequest {
  readonly content: Uint8Array
  /** Empty where the code does not ask for metadata. */
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface CodeAnswer {
  readonly error?: string
  /** Where it was set. */
  readonly content?: string | Uint8Array
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly logs?: readonly string[]
}

export function codeRequest(message: Message, asksMetadata: boolean): CodeRequest {
  const metadata: Record<string, unknown> = Object.create(null)
  if (asksMetadata) {
    for (const key of message.metadataKeys()) {
      metadata[key] = toForeign(message.metadata(key) ?? null)
    }
  }
  return { content: message.content(), metadata }
}

/** Nothing of it counts when the code failed. */
export function withCodeAnswer(message: Message, answer: CodeAnswer, logger: Logger): Message {
  for (const line of answer.logs ?? []) logger.info(line, {})
  if (answer.error !== undefined) throw new HeadgateError('MappingFailed', answer.error)
  const { content } = answer
  const changed =
    content === undefined
      ? message
      : message.withContent(typeof content === 'string' ? Buffer.from(content) : content)
  const entries = Object.entries(answer.metadata ?? {})
  if (entries.length === 0) return changed
  const metadata = new Map<string, Value>()
  for (const key of message.metadataKeys()) metadata.set(key, message.metadata(key) ?? null)
  for (const [key, value] of entries) metadata.set(key, fromForeign(value))
  return changed.withMetadata(metadata)
}
