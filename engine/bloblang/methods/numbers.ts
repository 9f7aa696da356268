/** Methods on numbers and on arrays of numbers. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { expectArray } from '../values/kind-of.ts'
import {
  compareNumbers,
  INT64_MAX,
  INT64_MIN,
  isFloat,
  makeFloat,
  makeInteger,
  makeWhole,
  type Numeric,
  toFloat,
  toNumeric,
} from '../values/number.ts'
import type { Result } from '../values/result.ts'

const numbers = { category: 'numbers', status: 'stable' } as const

function whole(
  name: string,
  description: string,
  example: string,
  output: string,
  round: (value: number) => number,
): MethodDefinition {
  return {
    name,
    ...numbers,
    description,
    parameters: [],
    examples: [{ mapping: `root = ${example}`, output }],
    build: () => (target) => {
      const numeric = toNumeric(target)
      return isFloat(numeric) ? makeWhole(round(toFloat(numeric))) : numeric
    },
  }
}

function extreme(
  name: string,
  description: string,
  output: string,
  wins: (order: number) => boolean,
): MethodDefinition {
  return {
    name,
    ...numbers,
    description,
    parameters: [],
    examples: [
      { mapping: `root = [3, 1, 2.5].${name}()`, output },
      { mapping: `root = [].${name}()`, error: 'array value is empty' },
    ],
    build: () => (target) => {
      const items = expectArray(target).map(toNumeric)
      const [first] = items
      if (first === undefined) throw new MappingError('array value is empty')
      return items.reduce((best, item) => (wins(compareNumbers(item, best)) ? item : best), first)
    },
  }
}

export const numberMethods: readonly MethodDefinition[] = [
  whole('floor', 'The next whole number below.', '5.7.floor()', '5', Math.floor),
  whole('ceil', 'The next whole number above.', '5.1.ceil()', '6', Math.ceil),
  whole(
    'round',
    'The nearest whole number; a half goes away from zero.',
    '[2.5.round(), (0 - 2.5).round()]',
    '[3,-3]',
    roundAway,
  ),
  extreme('max', 'The greatest number of an array.', '3', (order) => order > 0),
  extreme('min', 'The least number of an array.', '1', (order) => order < 0),
  {
    name: 'abs',
    ...numbers,
    description: 'The number without its sign; of the smallest whole number the largest.',
    parameters: [],
    examples: [
      { mapping: 'root = [this.a.abs(), -5.abs()]', input: '{"a":-2.5}', output: '[2.5,-5]' },
    ],
    build: () => (target) => absolute(toNumeric(target)),
  },
  {
    name: 'sum',
    ...numbers,
    description: 'The sum of an array of numbers, as a float.',
    parameters: [],
    examples: [{ mapping: 'root = [3, 8, 4].sum()', output: '15' }],
    build: () => (target) =>
      makeFloat(
        expectArray(target).reduce<number>((sum, item) => sum + toFloat(toNumeric(item)), 0),
      ),
  },
]

function absolute(value: Numeric): Result {
  if (isFloat(value)) return makeFloat(Math.abs(toFloat(value)))
  const integer = BigInt(value as number | bigint)
  if (integer === INT64_MIN) return makeInteger(INT64_MAX)
  return makeInteger(integer < 0n ? -integer : integer)
}

function roundAway(value: number): number {
  const magnitude = Math.abs(value)
  const floor = Math.floor(magnitude)
  return Math.sign(value) * (magnitude - floor >= 0.5 ? floor + 1 : floor)
}
