/** Native and re2js give the same answers, and what runs natively cannot take long. */
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, test } from 'vitest'
import { backtrackingPower } from './backtracking.ts'
import { parsePattern } from './parse-pattern.ts'
import { programOf, STEPS_MAX } from './program.ts'
import {
  compileNative,
  compileRegexp,
  NATIVE_LENGTH_MAX,
  type RegexpMatch,
  SQUARE_LENGTH_MAX,
} from './regexp.ts'
import { lengthMaxOf, Search, SearchMemory } from './search.ts'

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
    tie('any').map((body) => `(?i:${body})`),
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
  test('that runs natively, or is walked, finds what re2js finds', () => {
    let native = 0
    let walked = 0
    fc.assert(
      fc.property(
        flags,
        pattern,
        fc.array(text, { minLength: 3, maxLength: 3 }),
        (flag, body, texts) => {
          const source = flag + body
          fc.pre(isValid(source))
          const tree = parsePattern(source)
          if (compileNative(source) !== undefined) native++
          else if (tree !== undefined && programOf(tree) !== undefined) walked++
          else return
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
    expect(walked).toBeGreaterThan(500)
  })

  test('is walked to the same matches where it would run natively', () => {
    fc.assert(
      fc.property(flags, pattern, text, (flag, body, one) => {
        const source = flag + body
        fc.pre(isValid(source))
        const tree = parsePattern(source)
        const program = tree && programOf(tree)
        if (program === undefined) return
        const [first] = matchesOfRe2(source, one)
        const borders = new Search(program, one, new SearchMemory()).next(0)
        expect(borders && [borders[0], borders[1]], source).toEqual(
          first && [first.start, first.end],
        )
      }),
      { numRuns: 2_000 },
    )
  })

  test.each(['(a+)+b', '(a|ab)*c', '(a|a)+b', '(?:a{1,20}){1,20}b'])(
    '%s is walked over a long text at once, and gives it up without a match',
    (source) => {
      expect(compileRegexp(source).test('a'.repeat(10_000))).toBe(false)
      expect(compileRegexp(source).matches(`${'a'.repeat(100)}bc`).length).toBeGreaterThan(0)
    },
  )

  test('whose text is too long to be walked has the same matches', () => {
    const source = '(a|ab)*c'
    const tree = parsePattern(source)
    const program = tree && programOf(tree)
    const length = program === undefined ? 0 : lengthMaxOf(program)
    expect(length).toBeGreaterThan(100_000)
    for (const size of [length, length + 1]) {
      const found = compileRegexp(source).matches(`${'x'.repeat(size - 4)}aabc`)
      expect(found).toEqual([{ start: size - 4, end: size, groups: ['aabc', 'ab'] }])
    }
  })

  test('of so many steps is walked, and of more takes re2js', () => {
    const walked = (count: number): boolean => {
      const tree = parsePattern('[ab]'.repeat(count))
      return tree !== undefined && programOf(tree) !== undefined
    }
    expect(walked(STEPS_MAX - 3)).toBe(true)
    expect(walked(STEPS_MAX - 2)).toBe(false)
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

  test.each(['\\pL', '(?s:a)b', '[[:alpha:]]', '(?i)é', '(a|(b))*', '\\Qa\\E'])(
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
