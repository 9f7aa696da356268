/** Functions that give ids nobody else has. Time and chance are the environment's. */
import type { FunctionDefinition } from '../definition.ts'
import type { BloblangEnvironment } from '../environment.ts'
import { MappingError } from '../mapping-error.ts'
import { expectTimestamp } from '../methods/timestamps.ts'

const generation = { category: 'generation', status: 'stable' } as const

function nowMs({ clock }: BloblangEnvironment): number {
  return Math.floor(clock.wallUs() / 1_000)
}

function hyphenated(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A time of 48 bits in milliseconds, and so many random bytes. */
function timed(ms: number, random: Uint8Array): Buffer {
  const bytes = Buffer.alloc(6 + random.length)
  bytes.writeUIntBE(ms, 0, 6)
  bytes.set(random, 6)
  return bytes
}

/** The greatest time of 48 bits. */
const TIME_MS_MAX = 2 ** 48 - 1

function uuidV7(ms: number, random: Uint8Array): string {
  if (!(ms >= 0 && ms <= TIME_MS_MAX))
    throw new MappingError('the time is outside of what a UUID holds')
  const bytes = timed(ms, random)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return hyphenated(bytes)
}

/** The digits of a number that bytes hold, in letters of an alphabet, so many of them. */
function inBase(bytes: Uint8Array, alphabet: string, length: number): string {
  const base = BigInt(alphabet.length)
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  while (text.length < length) {
    text = (alphabet[Number(rest % base)] ?? '') + text
    rest /= base
  }
  return text
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BASE_62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const NANOID = '_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** KSUIDs count seconds from the 13th of May 2014. */
const KSUID_EPOCH_SECONDS = 1_400_000_000
/** Snowflake ids count milliseconds from the 4th of November 2010. */
const SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
const SNOWFLAKE_NODE_MAX = 1_023
const SNOWFLAKE_STEP_MAX = 4_095

export const NANOID_LENGTH_MAX = 4_096
/** A byte chooses the letter. */
const NANOID_ALPHABET_MAX = 256

function nanoid(environment: BloblangEnvironment, length: number, alphabet: string): string {
  const letters = Array.from(alphabet)
  if (length < 1 || length > NANOID_LENGTH_MAX) {
    throw new MappingError(`expected a length from 1 to ${NANOID_LENGTH_MAX}, got ${length}`)
  }
  if (letters.length < 1 || letters.length > NANOID_ALPHABET_MAX) {
    throw new MappingError(
      `expected an alphabet of 1 to ${NANOID_ALPHABET_MAX} letters, got ${letters.length}`,
    )
  }
  // A byte beyond the last whole multiple would favour the first letters.
  const fair = 256 - (256 % letters.length)
  let text = ''
  for (let count = 0; count < length; ) {
    for (const byte of environment.random.bytes(length - count)) {
      if (byte >= fair) continue
      text += letters[byte % letters.length]
      count++
    }
  }
  return text
}

/** One counter for each place that asks, so that ids of a millisecond differ and ids never go back. */
function snowflakes(environment: BloblangEnvironment): (node: number) => string {
  let lastMs = 0
  let step = 0
  return (node) => {
    if (node < 0 || node > SNOWFLAKE_NODE_MAX) {
      throw new MappingError(`expected a node from 0 to ${SNOWFLAKE_NODE_MAX}, got ${node}`)
    }
    const ms = nowMs(environment) - SNOWFLAKE_EPOCH_MS
    step = ms > lastMs ? 0 : step + 1
    lastMs = Math.max(ms, lastMs)
    if (step > SNOWFLAKE_STEP_MAX) {
      lastMs++
      step = 0
    }
    return String((BigInt(lastMs) << 22n) | (BigInt(node) << 12n) | BigInt(step))
  }
}

export const identifierFunctions: readonly FunctionDefinition[] = [
  {
    name: 'uuid_v4',
    ...generation,
    description: 'A new random UUID.',
    parameters: [],
    examples: [{ mapping: 'root.length = uuid_v4().length()', output: '{"length":36}' }],
    build: (site) => () => site.environment.random.uuid(),
  },
  {
    name: 'uuid_v7',
    ...generation,
    description:
      'A new UUID that begins with the time, so that later ones sort after earlier ones.',
    parameters: [
      { name: 'time', type: 'any', description: 'Another time than now.', optional: true },
    ],
    examples: [
      {
        mapping: 'root = uuid_v7("2020-08-14T05:54:23Z").slice(0, 15)',
        output: '0173eb88-9298-7',
      },
      { mapping: 'root = uuid_v7("soon")', error: 'expected an RFC 3339 time' },
    ],
    build: ({ environment, given, any }) => {
      const time = given('time') ? any('time') : undefined
      return (frame) => {
        const ms =
          time === undefined
            ? nowMs(environment)
            : Number(expectTimestamp(time(frame), environment.zone).epochNs / 1_000_000n)
        return uuidV7(ms, environment.random.bytes(10))
      }
    },
  },
  {
    name: 'ulid',
    ...generation,
    status: 'experimental',
    description: 'A new ULID: the time in milliseconds and 80 random bits.',
    parameters: [
      { name: 'encoding', type: 'string', description: 'crockford or hex.', default: 'crockford' },
      {
        name: 'random_source',
        type: 'string',
        description: 'secure_random or fast_random; both are secure here.',
        default: 'secure_random',
      },
    ],
    examples: [
      { mapping: 'root = ulid().length()', output: '26' },
      { mapping: 'root = ulid("hex").length()', output: '32' },
      { mapping: 'root = ulid("base64")', error: 'expected crockford or hex, got "base64"' },
    ],
    build: ({ environment, string }) => {
      const encoding = string('encoding')
      const source = string('random_source')
      return (frame) => {
        const bytes = timed(nowMs(environment), environment.random.bytes(10))
        expectOneOf(source(frame), ['secure_random', 'fast_random'])
        return expectOneOf(encoding(frame), ['crockford', 'hex']) === 'hex'
          ? bytes.toString('hex')
          : inBase(bytes, CROCKFORD, 26)
      }
    },
  },
  {
    name: 'ksuid',
    ...generation,
    description: 'A new KSUID: the time in seconds and 128 random bits.',
    parameters: [],
    examples: [{ mapping: 'root = ksuid().length()', output: '27' }],
    build:
      ({ environment }) =>
      () => {
        const bytes = Buffer.alloc(20)
        const seconds = Math.floor(nowMs(environment) / 1_000) - KSUID_EPOCH_SECONDS
        bytes.writeUInt32BE(Math.min(Math.max(0, seconds), 0xffff_ffff))
        bytes.set(environment.random.bytes(16), 4)
        return inBase(bytes, BASE_62, 27)
      },
  },
  {
    name: 'nanoid',
    ...generation,
    description: 'A new Nano ID, of 21 letters that a URL can hold unless said otherwise.',
    parameters: [
      { name: 'length', type: 'integer', description: 'How many letters.', optional: true },
      { name: 'alphabet', type: 'string', description: 'The letters to take.', optional: true },
    ],
    examples: [
      { mapping: 'root = nanoid(54).length()', output: '54' },
      { mapping: 'root = nanoid(3, "a")', output: 'aaa' },
      { mapping: 'root = nanoid(0)', error: 'expected a length from 1' },
    ],
    build: ({ environment, given, integer, string }) => {
      const length = given('length') ? integer('length') : () => 21
      const alphabet = given('alphabet') ? string('alphabet') : () => NANOID
      return (frame) => nanoid(environment, length(frame), alphabet(frame))
    },
  },
  {
    name: 'snowflake_id',
    tied: 'gives ids that follow each other',
    ...generation,
    description: 'A new Snowflake id: the time in milliseconds, a node, and a count.',
    parameters: [{ name: 'node_id', type: 'integer', description: 'From 0 to 1023.', default: 1 }],
    examples: [
      { mapping: 'root = snowflake_id().int64() % 4194304', output: '4096' },
      { mapping: 'root = snowflake_id(1024)', error: 'expected a node from 0 to 1023, got 1024' },
    ],
    build: ({ environment, integer }) => {
      const node = integer('node_id')
      const next = snowflakes(environment)
      return (frame) => next(node(frame))
    },
  },
]

function expectOneOf(value: string, known: readonly string[]): string {
  if (known.includes(value)) return value
  throw new MappingError(`expected ${known.join(' or ')}, got "${value.slice(0, 64)}"`)
}
