/** The functions by which a program of awk reads and changes its message. */
import type { AwkHost } from '../awk/machine.ts'
import { type AwkValue, fromInput, numberOf } from '../awk/values.ts'
import { parseLayout } from '../bloblang/formats/read-layout.ts'
import { formatLayout } from '../bloblang/formats/time-layout.ts'
import { MappingError } from '../bloblang/mapping-error.ts'
import { getPath, splitPath } from '../bloblang/values/dot-path.ts'
import { encodeJson, encodeString } from '../bloblang/values/encode-payload.ts'
import { isArray, isObject } from '../bloblang/values/kind-of.ts'
import { makeFloat, toNumeric } from '../bloblang/values/number.ts'
import { removeKey, setKey } from '../bloblang/values/set-key.ts'
import { formatTimestamp, parseRfc3339 } from '../bloblang/values/timestamp.ts'
import { IntegralFloat, NumberText, Timestamp, type Value } from '../bloblang/values/value.ts'
import { valueText } from '../bloblang/values/value-text.ts'
import type { Message } from '../pipelines/message.ts'
import type { PipelineEnvironment } from '../pipelines/pipeline.ts'
import { withMetadataSet } from './metadata-map.ts'
import { withDocument } from './replaced-content.ts'

type AwkFunction = (message: AwkMessage, given: readonly string[]) => AwkValue
type Reach = Pick<PipelineEnvironment, 'clock' | 'random' | 'logger'>

/** Elements that a list is filled up to where one is set beyond its end. */
export const ELEMENTS_MAX = 100_000
const NS_PER_SECOND = 1_000_000_000n

/** One message while a program runs on it: what it sets is in a copy. */
export class AwkMessage {
  readonly reach: Reach
  readonly message: Message
  readonly metadata: Map<string, string> = new Map()
  #document: Value | undefined

  constructor(message: Message, reach: Reach) {
    this.message = message
    this.reach = reach
  }

  document(): Value {
    return this.#document ?? this.message.document()
  }

  at(path: string): Value | undefined {
    return getPath(this.document(), path)
  }

  set(path: string, value: Value | undefined): void {
    this.#document = changed(this.document(), splitPath(path), 0, value)
  }

  host(): AwkHost {
    const { clock, random } = this.reach
    const functions: Record<string, (given: readonly string[]) => AwkValue> = {}
    for (const [name, run] of Object.entries(FUNCTIONS)) {
      functions[name] = (given) => run(this, given)
    }
    return {
      functions,
      random: () => random.next(),
      seconds: () => Math.floor(clock.wallUs() / 1_000_000),
    }
  }

  /** What is printed is the content; without it, what was set. */
  result(printed: string): Message {
    const content = printed.endsWith('\n') ? printed.slice(0, -1) : printed
    let made = this.message
    if (printed !== '') made = made.withValue(content)
    else if (this.#document !== undefined) made = withDocument(made, this.#document)
    return this.metadata.size === 0 ? made : withMetadataSet(made, this.metadata)
  }
}

/** A copy with another value at the path; undefined takes away what is there. */
function changed(
  given: Value | undefined,
  path: readonly string[],
  from: number,
  set: Value | undefined,
): Value {
  if (from === path.length) return set ?? null
  const value = given ?? null
  const key = path[from] as string
  const last = from === path.length - 1
  if (isArray(value)) {
    const index = key === '-' ? value.length : Number(key)
    if (!(Number.isInteger(index) && index >= 0 && index < ELEMENTS_MAX)) {
      throw new MappingError(`expected an element from 0 to ${ELEMENTS_MAX - 1}, got ${key}`)
    }
    if (set === undefined && index >= value.length) return value
    if (set === undefined && last) return value.toSpliced(index, 1)
    const items = [...value]
    while (items.length < index) items.push(null)
    items[index] = changed(items[index], path, from + 1, set)
    return items
  }
  if (set === undefined && !(isObject(value) && Object.hasOwn(value, key))) return value
  const object = isObject(value) ? { ...value } : {}
  const inner = Object.hasOwn(object, key) ? (object as Record<string, Value>)[key] : undefined
  if (set === undefined && last) removeKey(object, key)
  else setKey(object, key, changed(inner, path, from + 1, set))
  return object
}

const text = (given: string | undefined): Value => given ?? ''
const whole = (given: string | undefined): Value => Math.trunc(numberOf(given)) || 0
const float = (given: string | undefined): Value => makeFloat(numberOf(given))
const bool = (given: string | undefined): Value => given === 'true' || numberOf(given) !== 0

function set(made: (given: string | undefined) => Value): AwkFunction {
  return (message, [path = '', value]) => {
    message.set(path, made(value))
    return 0
  }
}

function append(made: (given: string | undefined) => Value): AwkFunction {
  return (message, [path = '', value]) => {
    const before = message.at(path)
    const items = before === undefined ? [] : isArray(before) ? before : [before]
    message.set(path, [...items, made(value)])
    return 0
  }
}

function typeOf(value: Value | undefined): string {
  if (value === undefined) return 'undefined'
  if (value === null) return 'null'
  if (isArray(value)) return 'array'
  if (isObject(value)) return 'object'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  if (value instanceof NumberText) {
    const number = toNumeric(value)
    return typeof number === 'object' || !Number.isInteger(Number(number)) ? 'float' : 'int'
  }
  return value instanceof IntegralFloat ? 'float' : 'string'
}

function timeOf(message: AwkMessage, [written, layout]: readonly string[]): bigint {
  if (written === undefined) return BigInt(message.reach.clock.wallUs()) * 1000n
  const time = layout === undefined ? parseRfc3339(written) : parseLayout(written, layout)
  if (time === undefined)
    throw new MappingError(`expected a time, got ${JSON.stringify(written.slice(0, 64))}`)
  return time.epochNs
}

function logged(message: AwkMessage, [line = '', level = 'INFO']: readonly string[]): AwkValue {
  const { logger } = message.reach
  switch (level.toUpperCase()) {
    case 'FATAL':
    case 'ERROR':
      logger.error(line)
      break
    case 'WARN':
      logger.warn(line)
      break
    case 'DEBUG':
    case 'TRACE':
      logger.debug(line)
      break
    default:
      logger.info(line)
  }
  return 0
}

const FUNCTIONS: Readonly<Record<string, AwkFunction>> = {
  json_get: (message, [path = '']) => fromInput(valueText(message.at(path) ?? null)),
  json_set: set(text),
  json_set_int: set(whole),
  json_set_float: set(float),
  json_set_bool: set(bool),
  json_append: append(text),
  json_append_int: append(whole),
  json_append_float: append(float),
  json_append_bool: append(bool),
  json_delete: (message, [path = '']) => {
    message.set(path, undefined)
    return 0
  },
  json_length: (message, [path = '']) => {
    const value = message.at(path) ?? null
    return typeof value === 'string' || isArray(value) ? value.length : 0
  },
  json_type: (message, [path = '']) => typeOf(message.at(path)),
  metadata_get: ({ message, metadata }, [key = '']) => {
    const value = metadata.get(key) ?? message.metadata(key)
    return value === undefined ? '' : fromInput(valueText(value))
  },
  metadata_set: ({ metadata }, [key = '', value = '']) => {
    metadata.set(key, value)
    return 0
  },
  timestamp_unix: (message, given) => Number(timeOf(message, given) / NS_PER_SECOND),
  timestamp_unix_nano: (message, given) => String(timeOf(message, given)),
  timestamp_format: (_, [seconds, layout]) => {
    const epochNs = BigInt(Math.trunc(numberOf(seconds)) || 0) * NS_PER_SECOND
    const time = new Timestamp(epochNs, 'UTC')
    return layout === undefined ? formatTimestamp(time) : formatLayout(time, layout)
  },
  print_log: logged,
  base64_encode: (_, [value = '']) => Buffer.from(value).toString('base64'),
  base64_decode: (_, [value = '']) => Buffer.from(value, 'base64').toString(),
  create_json_object: (_, given) => {
    const pairs: string[] = []
    for (let index = 0; index < given.length; index += 2) {
      pairs.push(`${encodeString(given[index] ?? '')}:${encodeString(given[index + 1] ?? '')}`)
    }
    return `{${pairs.join(',')}}`
  },
  create_json_array: (_, given) => encodeJson(given),
}

export const AWK_FUNCTION_NAMES: ReadonlySet<string> = new Set(Object.keys(FUNCTIONS))
