/** Functions that make values up: counters, ranges, random numbers, ids. */
import type { Clock } from '../../ports/clock.ts'
import type { FunctionDefinition } from '../definition.ts'
import type { Frame } from '../frame.ts'
import { MappingError } from '../mapping-error.ts'
import { expectSafeInteger, INT64_MAX, makeInteger, toNumeric, truncate } from '../values/number.ts'
import { DELETED, isMarker } from '../values/result.ts'
import type { Value } from '../values/value.ts'
import { seededRandom } from './seeded-random.ts'

/** A range is an array in memory. */
export const RANGE_LENGTH_MAX = 1_000_000
export const BYTES_LENGTH_MAX = 16_777_216

export const COUNTS_KEPT_MAX = 10_000

export const generationFunctions: readonly FunctionDefinition[] = [
  {
    name: 'pi',
    category: 'generation',
    status: 'stable',
    description: 'The number pi.',
    parameters: [],
    examples: [{ mapping: 'root = pi().floor()', output: '3' }],
    build: () => () => Math.PI,
  },
  {
    name: 'bytes',
    category: 'generation',
    status: 'stable',
    description: 'Zeroed bytes.',
    parameters: [{ name: 'length', type: 'integer', description: 'How many.' }],
    examples: [{ mapping: 'root = bytes(2).encode("hex")', output: '0000' }],
    build: (site) => {
      const length = site.integer('length')
      return (frame) => new Uint8Array(within(length(frame), 0, BYTES_LENGTH_MAX, 'length'))
    },
  },
  {
    name: 'range',
    category: 'generation',
    status: 'stable',
    description:
      'Whole numbers from `start` up or down to `stop`, which is left out. A last step that is not whole is left out too.',
    parameters: [
      { name: 'start', type: 'integer', description: 'The first number.' },
      { name: 'stop', type: 'integer', description: 'The number to stop before.' },
      {
        name: 'step',
        type: 'integer',
        description: 'The distance; negative counts down.',
        default: 1,
      },
    ],
    examples: [
      { mapping: 'root = range(0, 250, 100)', output: '[0,100]' },
      { mapping: 'root = range(start: 0, stop: -6, step: -2)', output: '[0,-2,-4]' },
      { mapping: 'root = range(3, 3)', error: 'expected start below stop' },
    ],
    build: (site) => {
      const start = site.integer('start')
      const stop = site.integer('stop')
      const step = site.integer('step')
      return (frame) => range(start(frame), stop(frame), step(frame))
    },
  },
  {
    name: 'random_int',
    tied: 'goes on with a series of numbers',
    category: 'generation',
    status: 'stable',
    description:
      'A pseudo-random whole number. Each place in a mapping has a series of its own, the same for the same seed.',
    parameters: [
      {
        name: 'seed',
        type: 'query',
        description: 'Evaluated once, for the first message.',
        default: 0,
      },
      { name: 'min', type: 'integer', description: 'The least number.', default: 0 },
      { name: 'max', type: 'integer', description: 'The greatest number.', optional: true },
    ],
    examples: [{ mapping: 'root = random_int(min: 5, max: 5)', output: '5' }],
    build: (site) => {
      const seed = site.query('seed')
      const least = site.any('min')
      const most = site.any('max')
      const bounded = site.given('max')
      const seeded = site.given('seed')
      let next: (() => bigint) | undefined
      return (frame) => {
        const min = truncate(toNumeric(least(frame)))
        const max = bounded ? truncate(toNumeric(most(frame))) : INT64_MAX - 1n
        if (min > max) throw new MappingError(`expected min up to max, got ${min} and ${max}`)
        next ??= seededRandom(seeded ? truncate(toNumeric(seed(frame, null))) : 0n)
        return makeInteger(min + (next() % (max - min + 1n)))
      }
    },
  },
  {
    name: 'counter',
    tied: 'counts messages',
    category: 'generation',
    status: 'experimental',
    description: 'Counts, at each place in a mapping for itself, and begins again after `max`.',
    parameters: [
      { name: 'min', type: 'integer', description: 'The first number, read once.', default: 1 },
      { name: 'max', type: 'integer', description: 'The last number, read once.', optional: true },
      {
        name: 'set',
        type: 'query',
        description:
          'A number to go on from; null reads without counting; negative or deleted begins again.',
        optional: true,
      },
    ],
    examples: [
      { mapping: 'root = counter()', output: '1' },
      { mapping: 'root = counter(min: 5, set: 9)', output: '9' },
    ],
    build: (site) => {
      const min = once(site.integer('min'))
      const max = site.given('max') ? once(site.integer('max')) : () => Number.MAX_SAFE_INTEGER
      const set = site.given('set') ? site.query('set') : undefined
      let last: number | undefined
      return (frame) => {
        const asked = set?.(frame, null)
        if (asked === null) return last ?? min(frame)
        if (asked === DELETED) last = min(frame)
        else if (asked !== undefined && !isMarker(asked)) {
          const number = expectSafeInteger(asked)
          last = number < 0 ? min(frame) : number
        } else last = last === undefined || last >= max(frame) ? min(frame) : last + 1
        return last
      }
    },
  },
  {
    name: 'count',
    tied: 'counts for the whole process',
    category: 'generation',
    status: 'deprecated',
    description: 'Counts by name, from 1, for the whole process. Use `counter`.',
    parameters: [{ name: 'name', type: 'string', description: 'The name of the count.' }],
    examples: [{ mapping: 'root = count("a")', output: '1' }],
    build: (site) => {
      const name = site.string('name')
      return (frame) => {
        const counts = countsOf(site.environment.clock)
        const key = name(frame)
        if (!counts.has(key) && counts.size >= COUNTS_KEPT_MAX) {
          throw new MappingError(`expected at most ${COUNTS_KEPT_MAX} names of counts, got more`)
        }
        const next = (counts.get(key) ?? 0) + 1
        counts.set(key, next)
        return next
      }
    },
  },
]

/** The first message decides. */
function once(read: (frame: Frame) => number): (frame: Frame) => number {
  let value: number | undefined
  return (frame) => {
    value ??= read(frame)
    return value
  }
}

/** All pipelines of a process share its clock and nothing else that mappings see, so the clock stands for the process. */
const countsByClock = new WeakMap<Clock, Map<string, number>>()

function countsOf(clock: Clock): Map<string, number> {
  const known = countsByClock.get(clock) ?? new Map<string, number>()
  countsByClock.set(clock, known)
  return known
}

function range(start: number, stop: number, step: number): Value {
  if (step === 0) throw new MappingError('expected a step other than 0')
  if (step > 0 && start >= stop)
    throw new MappingError(`expected start below stop, got ${start} and ${stop}`)
  if (step < 0 && start <= stop)
    throw new MappingError(`expected start above stop, got ${start} and ${stop}`)
  const length = Math.trunc((stop - start) / step)
  within(length, 0, RANGE_LENGTH_MAX, 'number of elements')
  const numbers: number[] = []
  for (let index = 0; index < length; index++) numbers.push(start + index * step)
  return numbers
}

function within(value: number, min: number, max: number, what: string): number {
  if (value >= min && value <= max) return value
  throw new MappingError(`expected a ${what} from ${min} to ${max}, got ${value}`)
}
