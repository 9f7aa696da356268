/** Messages as the thread of a module gets them, and what it made of them as messages; see `module-protocol.ts`. */
import { parseJson } from '../../bloblang/values/parse-json.ts'
import type { Value } from '../../bloblang/values/value.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { fromForeign, toForeign } from '../foreign-value.ts'
import { AS_IT_WAS, type BatchAnswer, type BatchRequest } from './module-protocol.ts'

export function requestOf(messages: Batch, nowMs: number): BatchRequest {
  const errors: [number, string][] = []
  const metadata = messages.map(metadataText)
  const lengths = new Uint32Array(messages.length * 2)
  let bytes = lengths.byteLength
  for (const [index, message] of messages.entries()) {
    lengths[index * 2] = message.content().length
    lengths[index * 2 + 1] = Buffer.byteLength(metadata[index] ?? '')
    bytes += (lengths[index * 2] ?? 0) + (lengths[index * 2 + 1] ?? 0)
    const failure = message.failure()
    if (failure !== undefined) errors.push([index, failure.text])
  }
  const buffer = new ArrayBuffer(bytes)
  new Uint32Array(buffer, 0, lengths.length).set(lengths)
  const whole = Buffer.from(buffer)
  let at = lengths.byteLength
  for (const [index, message] of messages.entries()) {
    const content = message.content()
    whole.set(content, at)
    at += content.length
    at += whole.write(metadata[index] ?? '', at)
  }
  return { kind: 'batch', buffer, count: messages.length, nowMs, errors }
}

/** What came of each message, in their order; of one that failed whatever `failed` makes of it. */
export function answeredMessages(
  messages: Batch,
  answer: BatchAnswer,
  failed: (message: Message, fault: BatchAnswer['faults'][number][1]) => Message,
): readonly (readonly Message[])[] {
  const faults = new Map(answer.faults)
  const [count = 0] = new Uint32Array(answer.buffer, 0, 1)
  const heads = new Uint32Array(answer.buffer, 4, count)
  let head = 0
  let at = 4 + count * 4
  const take = (): Buffer | undefined => {
    const length = heads[head++] ?? AS_IT_WAS
    if (length === AS_IT_WAS) return undefined
    at += length
    return Buffer.from(answer.buffer, at - length, length)
  }
  return messages.map((message, index) => {
    const results = heads[head++] ?? 0
    const made: Message[] = []
    for (let number = 0; number < results; number++) made.push(changed(message, take(), take()))
    const fault = faults.get(index)
    return fault === undefined ? made : [failed(message, fault)]
  })
}

function changed(
  message: Message,
  content: Buffer | undefined,
  metadata: Buffer | undefined,
): Message {
  const own = content === undefined ? message : message.withContent(content)
  if (metadata === undefined) return own
  const values = parseJson(metadata.toString()) as Readonly<Record<string, unknown>>
  const view = new Map<string, Value>()
  for (const [key, value] of Object.entries(values)) view.set(key, fromForeign(value))
  return own.withMetadata(view)
}

function metadataText(message: Message): string {
  const metadata: Record<string, unknown> = {}
  for (const key of message.metadataKeys()) {
    const value = toForeign(message.metadata(key) ?? null)
    if (key === '__proto__') continue
    metadata[key] = value
  }
  return JSON.stringify(metadata, (_key, value) =>
    typeof value === 'bigint' ? Number(value) : value,
  )
}
