/** Methods that calculate: angles, logarithms, powers, and the bits of whole numbers. */
import type { MethodDefinition } from '../definition.ts'
import { makeFloat, makeInteger, toFloat, toNumeric, truncate } from '../values/number.ts'

const numbers = { category: 'numbers', status: 'stable' } as const

function onFloat(
  name: string,
  description: string,
  example: string,
  output: string,
  compute: (value: number) => number,
): MethodDefinition {
  return {
    name,
    ...numbers,
    description,
    parameters: [],
    examples: [
      { mapping: `root = ${example}`, output },
      { mapping: `root = "x".${name}()`, error: 'expected number value, got string' },
    ],
    build: () => (target) => makeFloat(compute(toFloat(toNumeric(target)))),
  }
}

function onBits(
  name: string,
  description: string,
  output: string,
  combine: (left: bigint, right: bigint) => bigint,
): MethodDefinition {
  return {
    name,
    ...numbers,
    description,
    parameters: [{ name: 'value', type: 'integer', description: 'The other number.' }],
    examples: [{ mapping: `root = 12.${name}(6)`, output }],
    build: (site) => {
      const other = site.any('value')
      return (target, frame) =>
        makeInteger(combine(truncate(toNumeric(target)), truncate(toNumeric(other(frame)))))
    },
  }
}

export const arithmeticMethods: readonly MethodDefinition[] = [
  onFloat('sin', 'The sine of an angle in radians.', '(pi() / 2).sin()', '1', Math.sin),
  onFloat('cos', 'The cosine of an angle in radians.', '0.cos()', '1', Math.cos),
  onFloat('tan', 'The tangent of an angle in radians.', '0.tan()', '0', Math.tan),
  onFloat('log', 'The natural logarithm.', '2.7183.log().round()', '1', Math.log),
  onFloat('log10', 'The decimal logarithm.', '1000.log10()', '3', Math.log10),
  {
    name: 'pow',
    ...numbers,
    description: 'The number to the power of another.',
    parameters: [{ name: 'exponent', type: 'float', description: 'The exponent.' }],
    examples: [{ mapping: 'root = 2.pow(10)', output: '1024' }],
    build: (site) => {
      const exponent = site.float('exponent')
      return (target, frame) => makeFloat(toFloat(toNumeric(target)) ** exponent(frame))
    },
  },
  onBits('bitwise_and', 'The bits that both numbers have.', '4', (left, right) => left & right),
  onBits('bitwise_or', 'The bits that either number has.', '14', (left, right) => left | right),
  onBits(
    'bitwise_xor',
    'The bits in which the numbers differ.',
    '10',
    (left, right) => left ^ right,
  ),
]
