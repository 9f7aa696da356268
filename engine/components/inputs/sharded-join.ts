/**
 * Joins documents of several inputs by an id, for `sequence`: what has the same id becomes one document.
 *
 * Everything is in memory until it is taken, so an id belongs to one of several shards, and each iteration over the
 * inputs keeps those of its own shard only.
 */

import { getPath, splitPath } from '../../bloblang/values/dot-path.ts'
import { isArray, isObject } from '../../bloblang/values/kind-of.ts'
import { removeKey, setKey } from '../../bloblang/values/set-key.ts'
import type { ObjectValue, Value } from '../../bloblang/values/value.ts'
import { valueText } from '../../bloblang/values/value-text.ts'
import { HeadgateError } from '../../error.ts'
import { Message } from '../../pipelines/message.ts'

export type MergeStrategy = 'array' | 'replace' | 'keep'

export interface ShardedJoinOptions {
  readonly idPath: string
  readonly iterations: number
  readonly strategy: MergeStrategy
  /** For tests: how many documents one iteration may hold. */
  readonly documentsMax?: number
}

/** Of one iteration; more are refused, with the advice to make more iterations. */
export const JOINED_DOCUMENTS_MAX = 1_000_000

interface Joined {
  readonly document: ObjectValue
  readonly metadata: Map<string, Value>
}

export class ShardedJoin {
  readonly #options: ShardedJoinOptions
  readonly #joined = new Map<string, Joined>()

  constructor(options: ShardedJoinOptions) {
    this.#options = options
  }

  /** Undefined for a message without an id, or of another shard: it is left out. */
  idOf(message: Message, iteration: number): string | undefined {
    const { idPath, iterations } = this.#options
    const document = documentOf(message)
    const found = document === undefined ? undefined : getPath(document, idPath)
    if (found === undefined || found === null || isArray(found) || isObject(found)) return undefined
    const id = valueText(found)
    return hash(id) % iterations === iteration ? id : undefined
  }

  /** Throws LimitExceeded where an iteration holds too many. */
  add(id: string, message: Message): void {
    const { documentsMax = JOINED_DOCUMENTS_MAX } = this.#options
    if (!this.#joined.has(id) && this.#joined.size >= documentsMax) {
      throw new HeadgateError(
        'LimitExceeded',
        `expected at most ${documentsMax} ids in one iteration of a join, got more`,
        { hint: 'Set sharded_join.iterations higher, so that each holds fewer.' },
      )
    }
    this.#joined.set(id, this.#with(id, message))
  }

  /** What the message becomes with all that was added for its id; nothing is kept of it. */
  complete(id: string, message: Message): Message {
    const { document, metadata } = this.#with(id, message)
    return Message.fromValue(document, metadata)
  }

  /** Everything of this iteration, in the order in which ids came first. */
  take(): readonly Message[] {
    const messages = [...this.#joined.values()].map(({ document, metadata }) =>
      Message.fromValue(document, metadata),
    )
    this.#joined.clear()
    return messages
  }

  clear(): void {
    this.#joined.clear()
  }

  #with(id: string, message: Message): Joined {
    const document = documentOf(message) ?? {}
    const before = this.#joined.get(id)
    const metadata = new Map(before?.metadata)
    for (const key of message.metadataKeys()) metadata.set(key, message.metadata(key) ?? null)
    if (before === undefined) return { document, metadata }
    const { idPath, strategy } = this.#options
    // The id is the same in both, and no collision.
    const rest = without(document, splitPath(idPath)) as ObjectValue
    return { document: merged(before.document, rest, strategy), metadata }
  }
}

function documentOf(message: Message): ObjectValue | undefined {
  try {
    const document = message.document()
    return isObject(document) ? document : undefined
  } catch {
    return undefined
  }
}

function merged(one: ObjectValue, other: ObjectValue, strategy: MergeStrategy): ObjectValue {
  const result: ObjectValue = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const before = Object.hasOwn(one, key) ? one[key] : undefined
    setKey(result, key, before === undefined ? value : collided(before, value, strategy))
  }
  return result
}

function collided(before: Value, value: Value, strategy: MergeStrategy): Value {
  if (isObject(before) && isObject(value)) return merged(before, value, strategy)
  if (strategy === 'keep') return before
  if (strategy === 'replace') return value
  return [...(isArray(before) ? before : [before]), ...(isArray(value) ? value : [value])]
}

function without(value: Value, segments: readonly string[]): Value {
  const [first, ...rest] = segments
  if (first === undefined || !isObject(value) || !Object.hasOwn(value, first)) return value
  const copy: ObjectValue = { ...value }
  if (rest.length === 0) removeKey(copy, first)
  else setKey(copy, first, without(value[first] ?? null, rest))
  return copy
}

/** FNV-1a over UTF-16 units: any even spread does, for it never leaves the process. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}
