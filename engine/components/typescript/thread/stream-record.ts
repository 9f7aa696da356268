/** A record as a module sees it, and what of it a result changes. */
import { parseJson } from '../../../bloblang/values/parse-json.ts'
import type { BatchRequest } from '../module-protocol.ts'

const LONG_NUMBER = /\d{16}/

/** Whole numbers that a double cannot hold stay what they are. */
function exact(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '')
    ? BigInt(source ?? 0)
    : value
}

function parse(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? parseJson(text, exact) : parseJson(text)
  } catch {
    return text
  }
}

const KEY = 'headgate_key'
const UNFIT_KEYS = ['function', 'symbol', 'boolean']

/** What a function is called with. */
export class StreamRecord {
  value: unknown
  key: string | undefined
  metadata: Record<string, unknown>
  readonly #content: Uint8Array
  readonly #text: string
  readonly #value: unknown
  readonly #key: string | undefined
  readonly #metadataText: string
  readonly #error: string | undefined

  constructor(content: Buffer, metadataText: string, error: string | undefined) {
    this.#content = content
    this.#text = content.toString()
    this.#value = parse(this.#text)
    this.value = this.#value
    this.#metadataText = metadataText
    this.metadata = parseJson(metadataText) as Record<string, unknown>
    const key = this.metadata[KEY]
    this.#key = typeof key === 'string' ? key : undefined
    this.key = this.#key
    this.#error = error
  }

  get stream(): unknown {
    return this.metadata['headgate_stream']
  }

  get shard(): unknown {
    return this.metadata['headgate_shard']
  }

  get sequence(): unknown {
    return this.metadata['headgate_sequence']
  }

  get error(): string | undefined {
    return this.#error
  }

  text(): string {
    return this.#text
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#content)
  }

  /** Undefined where it is what came, even where somebody looked into it. */
  contentOf(value: unknown): string | Uint8Array | undefined {
    if (value !== this.#value) return contentOf(value)
    if (typeof value !== 'object' || value === null) return undefined
    const text = contentOf(value)
    if (text === this.#text || text === JSON.stringify(parse(this.#text))) return undefined
    return text
  }

  /** As the content. */
  metadataOf(result: Readonly<Record<string, unknown>>): string | undefined {
    const { metadata = this.metadata } = result
    if (typeof metadata !== 'object' || metadata === null) {
      throw new Error(`expected metadata to be an object, got ${kindOf(metadata)}`)
    }
    const key = Object.hasOwn(result, 'key') ? result['key'] : this.#key
    if (typeof key === 'object' ? key !== null : UNFIT_KEYS.includes(typeof key)) {
      throw new Error(`expected key to be text, got ${kindOf(key)}`)
    }
    const changed = key === this.#key ? metadata : { ...metadata, [KEY]: key ?? undefined }
    const text = JSON.stringify(changed)
    return text === this.#metadataText ? undefined : text
  }
}

function contentOf(value: unknown): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  const text = JSON.stringify(value) as string | undefined
  if (text !== undefined) return text
  throw new Error(`expected a value that JSON can hold, got ${kindOf(value)}`)
}

/** For messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') {
    const names = Object.keys(value)
    return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 5).join(', ')}`
  }
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

/** Of a request. */
export function recordsOf({ buffer, count, errors }: BatchRequest): readonly StreamRecord[] {
  const lengths = new Uint32Array(buffer, 0, count * 2)
  const failed = new Map(errors)
  const records: StreamRecord[] = []
  let at = lengths.byteLength
  for (let index = 0; index < count; index++) {
    const contentLength = lengths[index * 2] ?? 0
    const metadataLength = lengths[index * 2 + 1] ?? 0
    const content = Buffer.from(buffer, at, contentLength)
    at += contentLength
    const metadata = Buffer.from(buffer, at, metadataLength).toString()
    at += metadataLength
    records.push(new StreamRecord(content, metadata, failed.get(index)))
  }
  return records
}
