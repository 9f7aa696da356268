/**
 * Values out of Avro's binary encoding: int and long as zigzag varints, lengths before bytes and text, the index before
 * a union's value, blocks of items that end with an empty one.
 */
import { makeFloat, makeInteger } from '../../bloblang/values/number.ts'
import { setKey } from '../../bloblang/values/set-key.ts'
import { NumberText, type ObjectValue, Timestamp, type Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { type AvroType, branchName, type FixedType, type PrimitiveType } from './avro-type.ts'

/** What one datum may be made of: a few bytes can stand for any number of nulls. */
export const AVRO_VALUES_MAX = 4_000_000

export interface AvroReadOptions {
  /** Whether a value of a union that is not null stands in an object, by the name of its type. */
  readonly wrapsUnions: boolean
  /** Whether bytes are texts of a character a byte, and logical types are what they are made of: Avro's own JSON. */
  readonly asJson: boolean
}

export class AvroReader {
  readonly #bytes: Buffer
  readonly #options: AvroReadOptions
  #at = 0
  #valuesLeft = AVRO_VALUES_MAX

  constructor(bytes: Uint8Array, options: AvroReadOptions) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#options = options
  }

  get at(): number {
    return this.#at
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** One datum; the next may follow it. */
  datum(type: AvroType): Value {
    this.#valuesLeft = AVRO_VALUES_MAX
    return this.#read(type)
  }

  long(): number | bigint {
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    }
    let value = BigInt(low)
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return makeInteger((BigInt.asUintN(64, value) >> 1n) ^ -(value & 1n))
    }
    throw invalid('a number has more than 64 bits')
  }

  length(): number {
    const length = this.long()
    if (typeof length === 'bigint' || length < 0) throw invalid(`got a length of ${length}`)
    return length
  }

  take(count: number): Buffer {
    const end = this.#at + count
    if (end > this.#bytes.length) throw new AvroTruncated()
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new AvroTruncated()
    this.#at += 1
    return byte
  }

  #read(type: AvroType): Value {
    this.#valuesLeft -= 1
    if (this.#valuesLeft < 0) throw invalid(`a datum has more than ${AVRO_VALUES_MAX} values`)
    switch (type.kind) {
      case 'record': {
        const record: ObjectValue = {}
        for (const field of type.fields) setKey(record, field.name, this.#read(field.type))
        return record
      }
      case 'array': {
        const items: Value[] = []
        this.#blocks(() => items.push(this.#read(type.items)))
        return items
      }
      case 'map': {
        const map: ObjectValue = {}
        this.#blocks(() => setKey(map, this.#text(), this.#read(type.values)))
        return map
      }
      case 'union': {
        const branch = type.branches[Number(this.long())]
        if (branch === undefined) throw invalid('there is no such branch of the union')
        const value = this.#read(branch)
        if (branch.kind === 'null' || !this.#options.wrapsUnions) return value
        const wrapped: ObjectValue = {}
        setKey(wrapped, branchName(branch), value)
        return wrapped
      }
      case 'enum': {
        const symbol = type.symbols[Number(this.long())]
        if (symbol === undefined) throw invalid(`there is no such symbol of ${type.name}`)
        return symbol
      }
      case 'fixed':
        return this.#bytesValue(this.take(type.size), type)
      default:
        return this.#primitive(type)
    }
  }

  #primitive(type: PrimitiveType): Value {
    switch (type.kind) {
      case 'null':
        return null
      case 'boolean':
        return this.#byte() !== 0
      case 'int':
      case 'long':
        return this.#options.asJson ? this.long() : logicalNumber(this.long(), type.logical)
      case 'float':
        return makeFloat(this.take(4).readFloatLE())
      case 'double':
        return makeFloat(this.take(8).readDoubleLE())
      case 'bytes':
        return this.#bytesValue(this.take(this.length()), type)
      case 'string':
        return this.#text()
    }
  }

  #text(): string {
    return this.take(this.length()).toString()
  }

  #bytesValue(bytes: Buffer, { logical, scale }: PrimitiveType | FixedType): Value {
    if (this.#options.asJson) return bytes.toString('latin1')
    // What is handed on must not hold the whole of what it was read from.
    return logical === 'decimal' ? decimalOf(bytes, scale) : Uint8Array.from(bytes)
  }

  /** A negative count is followed by the bytes of the block, for those who pass it over. */
  #blocks(read: () => void): void {
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (typeof count === 'bigint' || Math.abs(count) > this.#valuesLeft) {
        throw invalid(`a datum has more than ${AVRO_VALUES_MAX} values`)
      }
      if (count < 0) this.long()
      for (let left = Math.abs(count); left > 0; left--) read()
    }
  }
}

const NS_OF: Readonly<Record<string, bigint>> = {
  date: 86_400_000_000_000n,
  'timestamp-millis': 1_000_000n,
  'timestamp-micros': 1_000n,
  'timestamp-nanos': 1n,
}

function logicalNumber(value: number | bigint, logical: string): Value {
  const unit = NS_OF[logical]
  return unit === undefined ? value : new Timestamp(BigInt(value) * unit, 'UTC')
}

/** What a unit of the logical type is, in nanoseconds. */
export function logicalUnitNs(logical: string): bigint | undefined {
  return NS_OF[logical]
}

/** Two's complement, the highest byte first, without its decimals. */
function decimalOf(bytes: Buffer, scale: number): Value {
  if (bytes.length > DECIMAL_BYTES_MAX) throw invalid('a decimal has too many digits')
  if (bytes.length === 0) return 0
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  if (scale <= 0) return new NumberText(sign + digits)
  return new NumberText(`${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`)
}

/** Some thousand digits. */
export const DECIMAL_BYTES_MAX = 512

/** There may be more to come. */
export class AvroTruncated extends HeadgateError {
  constructor() {
    super('MappingFailed', 'expected a datum of Avro: it ends too soon')
  }
}

function invalid(message: string): HeadgateError {
  return new HeadgateError('MappingFailed', `expected a datum of Avro: ${message}`)
}
