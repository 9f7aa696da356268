/**
 * The names that the type of a property may have without being a StreamType, with the numbers that SDS gives them.
 *
 * Nullable is the base plus 100, an array the base plus 200, an enumeration 600 plus its integer. The codes of SDS'
 * own objects (501 to 512) are no types of data and are left out.
 */

const BASE_CODES = {
  Empty: 0,
  Object: 1,
  DBNull: 2,
  Boolean: 3,
  Char: 4,
  SByte: 5,
  Byte: 6,
  Int16: 7,
  UInt16: 8,
  Int32: 9,
  UInt32: 10,
  Int64: 11,
  UInt64: 12,
  Single: 13,
  Double: 14,
  Decimal: 15,
  DateTime: 16,
  String: 18,
  Guid: 19,
  DateTimeOffset: 20,
  TimeSpan: 21,
  Version: 22,
} as const

const COLLECTION_CODES = { Array: 400, IList: 401, IDictionary: 402, IEnumerable: 403 } as const

type BaseCode = keyof typeof BASE_CODES
const INTEGERS: readonly BaseCode[] = [
  'SByte',
  'Byte',
  'Int16',
  'UInt16',
  'Int32',
  'UInt32',
  'Int64',
  'UInt64',
]
const WITHOUT_NULLABLE: readonly BaseCode[] = ['Empty', 'Object', 'DBNull', 'String', 'Version']
const WITHOUT_ARRAY: readonly BaseCode[] = ['Empty', 'Object', 'DBNull']
const WITHOUT_ORDER: readonly BaseCode[] = ['Empty', 'Object', 'DBNull', 'Version']

const bases = Object.keys(BASE_CODES) as BaseCode[]

/** Name → number. */
export const TYPE_CODES: ReadonlyMap<string, number> = new Map<string, number>([
  ...Object.entries(BASE_CODES),
  ...bases
    .filter((name) => !WITHOUT_NULLABLE.includes(name))
    .map((name): [string, number] => [`Nullable${name}`, BASE_CODES[name] + 100]),
  ...bases
    .filter((name) => !WITHOUT_ARRAY.includes(name))
    .map((name): [string, number] => [`${name}Array`, BASE_CODES[name] + 200]),
  ...Object.entries(COLLECTION_CODES),
  ...INTEGERS.map((name): [string, number] => [`${name}Enum`, BASE_CODES[name] + 600]),
  ...INTEGERS.map((name): [string, number] => [`Nullable${name}Enum`, BASE_CODES[name] + 700]),
])

/** Codes that have an order and are never null, so that a property of that type may be a key. */
export const KEY_TYPE_CODES: readonly string[] = bases.filter(
  (name) => !WITHOUT_ORDER.includes(name),
)

/** What people write who know types from elsewhere. */
export const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['bool', 'Boolean'],
  ['date', 'DateTime'],
  ['float', 'Double'],
  ['int', 'Int64'],
  ['integer', 'Int64'],
  ['long', 'Int64'],
  ['number', 'Double'],
  ['text', 'String'],
  ['time', 'DateTime'],
  ['timestamp', 'DateTime'],
  ['uuid', 'Guid'],
])
