/** Go's printf, value by value: the results are what Go 1.26 prints. */
import { expect, test } from 'vitest'
import { runMapping } from '../evaluate-for-test.ts'
import { TEXT_LENGTH_MAX } from '../methods/repeat.ts'
import { IntegralFloat, type Value } from '../values/value.ts'
import { formatText } from './format-verbs.ts'

test.each<[string, readonly Value[], string]>([
  ['%v', ['a'], 'a'],
  ['%v %v', [1, 2.5], '1 2.5'],
  ['%v', [new IntegralFloat(1_000_000)], '1e+06'],
  ['%v', [null], '<nil>'],
  ['%s', [null], '%!s(<nil>)'],
  ['%s', [5], '%!s(int64=5)'],
  ['%d', ['hi'], '%!d(string=hi)'],
  ['%d', [2.5], '%!d(float64=2.5)'],
  ['%t', [true], 'true'],
  ['%t', ['x'], '%!t(string=x)'],
  ['%d', [], '%!d(MISSING)'],
  ['x', [1, 'a'], 'x%!(EXTRA int64=1, string=a)'],
  ['%[2]d %[1]d', [1, 2], '2 1'],
  ['%[3]d', [1], '%!d(BADINDEX)'],
  ['%5d|%-5d|%05d', [42, 42, 42], '   42|42   |00042'],
  ['%+d % d', [5, 5], '+5  5'],
  ['%05d', [-42], '-0042'],
  ['%.3d', [5], '005'],
  [
    '%#010x|%+04d|%0+8.3d|%03c|%08U',
    [107, 5, -87, 0x78, 124],
    '0x000000006b|+005|    -087|00x|  U+007C',
  ],
  ['%+v %.3x', [5, 'äb€'], '5 c3a462'],
  ['%x %X %#x', [255, 255, 255], 'ff FF 0xff'],
  ['%o %O %b', [8, 8, 5], '10 0o10 101'],
  ['%x', ['hello'], '68656c6c6f'],
  ['%c %q %U', [0x48, 0x78, 0x2318], "H 'x' U+2318"],
  ['%q', ['a"b\n'], '"a\\"b\\n"'],
  ['%.2s', ['äöü'], 'äö'],
  ['%5s|%-5s|', ['ab', 'ab'], '   ab|ab   |'],
  ['%f %.2f %8.3f', [2.34567, 2.34567, 2.34567], '2.345670 2.35    2.346'],
  ['%.0f %.0f %.0f %.1f %.2f', [0.5, 1.5, 2.5, 0.25, 1.005], '0 2 2 0.2 1.00'],
  ['%e %E', [123456.789, 0.5], '1.234568e+05 5.000000E-01'],
  ['%g %g %g', [new IntegralFloat(1e21), 0.00001, 100_000.5], '1e+21 1e-05 100000.5'],
  ['%.3g %.3g', [1234.5, 0.00001234], '1.23e+03 1.23e-05'],
  ['%f', [new IntegralFloat(1e22)], '10000000000000000000000.000000'],
  ['%v', [[1, 'a', null]], '[1 a <nil>]'],
  ['%q', [['a', 'b']], '["a" "b"]'],
  ['%v', [{ b: 1, a: [2] }], 'map[a:[2] b:1]'],
  ['%v', [Buffer.from('ab')], '[97 98]'],
  ['%s', [Buffer.from('ab')], 'ab'],
  ['%T %T %T', [1, 1.5, []], 'int64 float64 []interface {}'],
  ['100%%', [], '100%'],
  ['100%', [], '100%!(NOVERB)'],
  ['%!', [1], '%!!(int64=1)'],
  ['%d %d', [1], '1 %!d(MISSING)'],
  [
    '%5t|%-5v|%05s|% x|%#x|%05v',
    [true, null, 'ab', 'ab', 'ab', 'ab'],
    ' true|<nil>|000ab|61 62|0x6162|000ab',
  ],
  [
    '%6.3v|%.2v|%08.3f|%+.2e|%x',
    ['abcdef', 3.25, -3.25, 12345.678, -255],
    '   abc|3.2|-003.250|+1.23e+04|-ff',
  ],
])('%j of %j is %j', (text, values, output) => {
  expect(formatText(text, values)).toBe(output)
})

test('a formatted text is as long as the limit, and no longer', () => {
  const format = (width: number): string => `root = "%${width}d".format(5).length()`
  const widthMax = TEXT_LENGTH_MAX - `%${TEXT_LENGTH_MAX}d`.length
  expect(runMapping(format(widthMax))).toBe(`${widthMax}`)
  expect(() => runMapping(format(widthMax + 1))).toThrow('expected a text of at most')
})
