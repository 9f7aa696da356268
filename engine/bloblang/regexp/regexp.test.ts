/** Native and re2js give the same answers, and what runs natively cannot take long. */
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, test } from 'vitest'
import { backtrackingPower } from './backtracking.ts'
import { parsePattern } from './parse-pattern.ts'
import {
  compileNative,
  compileRegexp,
  NATIVE_LENGTH_MAX,
  type RegexpMatch,
  SQUARE_LENGTH_MAX,
} from './regexp.ts'

/** What re2js alone says: texts that are too long for native runs have the same matches with a tail of line ends. */
function matchesOfRe2(pattern: string, text: string): RegexpMatch[] {
  const matcher = RE2JS.compile(pattern).matcher(text)
  const matches: RegexpMatch[] = []
  let endBefore = -1
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()]
    const groups = Array.from(
      { length: matcher.groupCount() + 1 },
      (_, index) => matcher.group(index) ?? '',
    )
    if (end > start || start !== endBefore) matches.push({ start, end, groups })
    endBefore = end
  }
  return matches
}

const atom = fc.constantFrom(
  ...['a', 'b', 'k', 's', 'é', '😀', '.', '\\d', '\\w', '\\s', '\\W', '\\.', '\\x41', '\\n', '-'],
  ...['[ab]', '[^a]', '[a-c\\d]', '[]a]', '[^\\w-]', '^', '$', '\\b', '\\B', '\\A', '\\z', '_'],
)
const quantifier = fc.constantFrom(
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{1,3}',
  '{0,2}?',
)
const pattern = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.tuple(atom, quantifier).map(([one, count]) => one + count),
    fc.array(tie('any'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    fc.tuple(tie('any'), quantifier).map(([body, count]) => `(${body})${count}`),
    fc.tuple(tie('any'), quantifier).map(([body, count]) => `(?:${body})${count}`),
    fc.tuple(tie('any'), tie('any')).map(([left, right]) => `(?:${left}|${right})`),
    fc.tuple(tie('any'), tie('any')).map(([left, right]) => `${left}|${right}`),
  ),
})).any
const flags = fc.constantFrom('', '', '', '(?i)', '(?m)', '(?s)', '(?ims)')
const text = fc
  .array(fc.constantFrom(...'aabbckKsSA1 -_.\n\r\u2028é', '😀', '\u212a', '\u017f', 'ab', 'abc'), {
    maxLength: 14,
  })
  .map((parts) => parts.join(''))

function isValid(source: string): boolean {
  try {
    RE2JS.compile(source)
    return true
  } catch {
    return false
  }
}

describe('a regular expression', () => {
  test('that runs natively finds what re2js finds', () => {
    let native = 0
    fc.assert(
      fc.property(
        flags,
        pattern,
        fc.array(text, { minLength: 3, maxLength: 3 }),
        (flag, body, texts) => {
          const source = flag + body
          fc.pre(isValid(source))
          if (compileNative(source) === undefined) return
          native++
          const regexp = compileRegexp(source)
          for (const one of texts) {
            const expected = matchesOfRe2(source, one)
            expect(regexp.matches(one), `${source} on ${JSON.stringify(one)}`).toEqual(expected)
            expect(regexp.test(one)).toBe(expected.length > 0)
          }
        },
      ),
      { numRuns: 5_000 },
    )
    expect(native).toBeGreaterThan(500)
  })

  test.each([
    ['^order-([0-9]+)-([a-z]{2})$', 1],
    ['[0-9]+', 1],
    ['(?P<year>\\d{4})-(?P<month>\\d{2})', 1],
    ['\\s+', 1],
    ['^\\s*([a-z_]+)\\s*=\\s*(\\S*)$', 1],
    ['^\\s*([a-z_]+)\\s*=\\s*(.*)$', 2],
    ['[a-z]+@[a-z]+', 2],
    ['^(.*)@(.*)$', 2],
    ['(?i)error|warning', 1],
    ['.*x', 3],
    ['(a+)+b', Number.POSITIVE_INFINITY],
    ['(a|ab)*c', Number.POSITIVE_INFINITY],
    ['(a|a)*', Number.POSITIVE_INFINITY],
    ['(a*)*', Number.POSITIVE_INFINITY],
    ['(?:a{1,30}){1,30}b', Number.POSITIVE_INFINITY],
    ['a?a?a?a?a?a?a?a?b', Number.POSITIVE_INFINITY],
  ])('%s takes time of the power %d', (source, power) => {
    const tree = parsePattern(source)
    expect(tree === undefined ? undefined : backtrackingPower(tree)).toBe(power)
  })

  test('takes time of no higher power than was proved', () => {
    // Steps cannot be counted within the engine; a text of this length would take minutes if they multiplied.
    const steps = fc.constantFrom('a', 'ab', 'aab', 'a1', '1', 'a ')
    fc.assert(
      fc.property(pattern, steps, (source, step) => {
        fc.pre(isValid(source))
        const native = compileNative(source)
        if (native === undefined) return
        const length = Math.min(native.lengthMax, 30_000)
        const long = step.repeat(Math.ceil(length / step.length)).slice(0, length - 1)
        native.expression.lastIndex = 0
        native.expression.test(`${long}!`)
      }),
      { numRuns: 1_000 },
    )
  })

  test.each(['\\pL', '(?i:a)b', '[[:alpha:]]', '(?i)é', '(a|(b))*', '\\Qa\\E'])(
    'that is not understood, %s, takes re2js',
    (source) => {
      expect(compileNative(source)).toBeUndefined()
      expect(() => compileRegexp(source)).not.toThrow()
    },
  )

  test('has no empty match right behind another match', () => {
    for (const source of ['a*', '(?:a|\\pN)*']) {
      const found = compileRegexp(source).matches('baaac')
      expect(found.map(({ start, end }) => [start, end])).toEqual([
        [0, 0],
        [1, 4],
        [5, 5],
      ])
    }
  })

  test.each([
    ['^[a-z]+$', NATIVE_LENGTH_MAX],
    ['[a-z]+@', SQUARE_LENGTH_MAX],
  ])('%s says the same of texts within the limit of native runs and beyond', (source, length) => {
    const regexp = compileRegexp(source)
    for (const size of [length, length + 1]) {
      const long = `${'a'.repeat(size - 1)}${source.endsWith('@') ? '@' : 'z'}`
      expect(regexp.test(long)).toBe(true)
      expect(regexp.matches(long)).toHaveLength(1)
    }
  })
})
