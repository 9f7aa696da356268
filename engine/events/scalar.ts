/**
 * The values that a property can hold, by the names of the SdsTypeCodes: what fits, and how to say what was expected.
 *
 * Integers of 64 bits and decimals are judged by the text that stands in the record, because a JSON parser would have
 * rounded it before anyone could look.
 */
import { isDateTime, isDateTimeOffset, isTimeSpan } from './scalar-times.ts'

export interface Scalar {
  /** As it is declared: `NullableInt32`. */
  readonly name: string
  /** What a value has to be, for people. */
  readonly expected: string
  readonly nullable: boolean
  /** Whether it can be part of a key. */
  readonly sorts: boolean
  /** Never asked about null. */
  readonly fits: (value: unknown) => boolean
}

/** A number whose text says more than a JSON number of JavaScript holds. */
export class ExactNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

interface Base {
  readonly expected: string
  readonly fits: (value: unknown) => boolean
  /** References of .NET (texts, versions) are null without being declared so. */
  readonly reference?: true
  readonly sorts?: false
}

const SINGLE_MAX = 3.4028234663852886e38
const DECIMAL_MAX = 79228162514264337593543950335n
const VERSION_PART_MAX = 2147483647
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const INTEGERS: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = {
  SByte: [-128n, 127n],
  Byte: [0n, 255n],
  Int16: [-32768n, 32767n],
  UInt16: [0n, 65535n],
  Int32: [-2147483648n, 2147483647n],
  UInt32: [0n, 4294967295n],
  Int64: [-9223372036854775808n, 9223372036854775807n],
  UInt64: [0n, 18446744073709551615n],
}

const OTHERS: Readonly<Record<string, Base>> = {
  Boolean: { expected: 'true or false', fits: (value) => typeof value === 'boolean' },
  Char: {
    expected: 'a text of one character',
    fits: (value) => typeof value === 'string' && value.length === 1,
  },
  Single: {
    expected: 'a number of 32 bits, "NaN", "Infinity" or "-Infinity"',
    fits: (value) => isFloat(value, SINGLE_MAX),
  },
  Double: {
    expected: 'a number of 64 bits, "NaN", "Infinity" or "-Infinity"',
    fits: (value) => isFloat(value, Number.MAX_VALUE),
  },
  Decimal: { expected: 'a number up to 79228162514264337593543950335', fits: isDecimal },
  DateTime: { expected: 'a time such as 2026-01-31T09:30:00Z', fits: isDateTime },
  DateTimeOffset: {
    expected: 'a time with its offset, such as 2026-01-31T09:30:00+02:00',
    fits: isDateTimeOffset,
  },
  TimeSpan: { expected: 'a span such as 1.02:03:04.5', fits: isTimeSpan },
  Guid: {
    expected: 'a Guid such as 0b5fbd2c-0000-4000-8000-000000000001',
    fits: (value) => typeof value === 'string' && GUID.test(value),
  },
  String: { expected: 'a text', fits: (value) => typeof value === 'string', reference: true },
  Version: { expected: 'a version such as 1.2.3', fits: isVersion, reference: true, sorts: false },
  Empty: { expected: 'null', fits: () => false, reference: true, sorts: false },
  DBNull: { expected: 'null', fits: () => false, reference: true, sorts: false },
  Object: { expected: 'any value', fits: () => true, reference: true, sorts: false },
  Array: { expected: 'an array', fits: Array.isArray, reference: true, sorts: false },
  IList: { expected: 'an array', fits: Array.isArray, reference: true, sorts: false },
  IEnumerable: { expected: 'an array', fits: Array.isArray, reference: true, sorts: false },
  IDictionary: { expected: 'an object', fits: isDictionary, reference: true, sorts: false },
}

const SCALARS: ReadonlyMap<string, Scalar> = new Map(all().map((scalar) => [scalar.name, scalar]))

export function scalarOf(name: string): Scalar | undefined {
  return SCALARS.get(name)
}

export function scalarNames(): Iterable<string> {
  return SCALARS.keys()
}

/** .NET writes an array of bytes as one text; we take both. */
export function isBase64(value: unknown): boolean {
  return typeof value === 'string' && BASE64.test(value)
}

function all(): readonly Scalar[] {
  const integers = Object.entries(INTEGERS).map(([name, [min, max]]): readonly [string, Base] => [
    name,
    {
      expected: `a whole number from ${min} to ${max}`,
      fits: (value) => isInteger(value, min, max),
    },
  ])
  const enums = integers.map(([name, base]): readonly [string, Base] => [
    `${name}Enum`,
    { ...base, sorts: false },
  ])
  return [...integers, ...enums, ...Object.entries(OTHERS)].flatMap(([name, base]) => {
    const nullable = base.reference === true
    const plain = { name, expected: base.expected, fits: base.fits }
    const scalar = { ...plain, nullable, sorts: base.sorts !== false }
    if (nullable) return [scalar]
    const expected = `${base.expected}, or null`
    return [scalar, { ...plain, name: `Nullable${name}`, expected, nullable: true, sorts: false }]
  })
}

function isInteger(value: unknown, min: bigint, max: bigint): boolean {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value >= Number(min) && BigInt(value) <= max
  }
  if (!(value instanceof ExactNumber)) return false
  const exact = wholePart(value.text)
  return exact?.exact === true && exact.whole >= min && exact.whole <= max
}

function isFloat(value: unknown, max: number): boolean {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return true
  const number = value instanceof ExactNumber ? Number(value.text) : value
  return typeof number === 'number' && Math.abs(number) <= max
}

function isDecimal(value: unknown): boolean {
  if (typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER) return true
  const text = value instanceof ExactNumber ? value.text : value
  if (typeof text !== 'string' && typeof text !== 'number') return false
  if (typeof text === 'string' && !(value instanceof ExactNumber)) return false
  const parts = wholePart(String(text))
  if (parts === undefined) return false
  const magnitude = parts.whole < 0n ? -parts.whole : parts.whole
  return magnitude < DECIMAL_MAX || (magnitude === DECIMAL_MAX && parts.exact)
}

/** More zeros than this in front of the point is beyond every type, and would only cost time. */
const EXPONENT_MAX = 64

/** The whole part of a JSON number, and whether nothing is left behind the point. */
function wholePart(text: string): { whole: bigint; exact: boolean } | undefined {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text)
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  const digits = `${match[2]}${fraction}`
  const point = digits.length - fraction.length + Number(match[4] ?? '0')
  if (/^0*$/.test(digits)) return { whole: 0n, exact: true }
  const leading = digits.length - digits.replace(/^0+/, '').length
  if (point - leading > EXPONENT_MAX) return undefined
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  const rest = point <= 0 ? digits : digits.slice(point)
  return { whole: BigInt(`${match[1]}${whole}`), exact: /^0*$/.test(rest) }
}

function isDictionary(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof ExactNumber)
}

function isVersion(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[0-9]{1,10}(\.[0-9]{1,10}){1,3}$/.test(value)) return false
  return value.split('.').every((part) => Number(part) <= VERSION_PART_MAX)
}
