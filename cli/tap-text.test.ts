import { describe, expect, test } from 'vitest'
import { CHANGES_SHOWN_MAX, changesText } from './tap-changes.ts'
import { readTapLine, type TappedRecord, valueText } from './tap-line.ts'
import { CONTENT_SHOWN_LENGTH_MAX, TapText } from './tap-text.ts'

const plain = (_: string, text: string): string => text

function record(parts: Partial<TappedRecord>): TappedRecord {
  return {
    type: 'record',
    side: 'before',
    batch: 1,
    index: 0,
    time: '',
    path: 'root.pipeline.processors.0',
    role: 'processor',
    component: 'mapping',
    ...parts,
  }
}

/** What is printed of these, in order; content is told as text. */
function printed(...records: readonly Partial<TappedRecord>[]): string {
  const text = new TapText(plain)
  const shown = records.map((parts) => text.record(record(parts), undefined, true))
  return shown.join('') + text.flush()
}

describe('what a person reads', () => {
  test('is what came of a record beneath it, however they came', () => {
    const [first, second] = [{ number: 1 }, { number: 2 }]
    const after = { side: 'after' } as const
    expect(
      printed(
        { ...first, text: 'a' },
        { ...second, text: 'b' },
        { ...second, ...after, text: 'B' },
        { ...first, ...after, text: 'a' },
      ),
    ).toBe(
      [
        '   2  before  b',
        '      after   B',
        '   1  before  a',
        '      after   (the same)',
        '',
      ].join('\n'),
    )
  })

  test('tells all that came of one, what came of nothing known, and that nothing came', () => {
    const after = { side: 'after' } as const
    expect(
      printed(
        { number: 1, text: 'ab' },
        { ...after, number: 1, text: 'a' },
        { ...after, number: 1, text: 'b' },
        { ...after, text: 'c' },
        { number: 2, text: 'd' },
        { ...after, number: 2, gone: true },
      ),
    ).toBe(
      [
        '   1  before  ab',
        '      after   a',
        '      after   b',
        '   ?  after   c',
        '   2  before  d',
        '      after   (nothing)',
        '',
      ].join('\n'),
    )
  })

  test('holds nothing back for ever, and knows it later', () => {
    const text = new TapText(plain)
    expect(text.record(record({ number: 1, value: { a: 1 } }), '{"a":1}', true)).toBe('')
    expect(text.isHolding).toBe(true)
    expect(text.flush()).toBe('   1  before  {"a":1}\n')
    expect(text.isHolding).toBe(false)
    const after = record({ side: 'after', number: 1, value: { a: 2 } })
    expect(text.record(after, '{"a":2}', true)).toBe(
      '      after   {"a":2}\n              a: 1 → 2\n',
    )
  })

  test('tells a failure where it is new', () => {
    const failure = { text: 'no', path: 'root.output', label: 'out' }
    expect(
      printed(
        { number: 1, text: 'a', failure },
        { side: 'after', number: 1, text: 'b', failure },
        { number: 2, text: 'c' },
        {
          side: 'after',
          number: 2,
          text: 'c',
          failure: { text: 'late\nnow', path: 'root.output' },
        },
      ),
    ).toBe(
      [
        '   1  before  a',
        '      failed  no (out)',
        '      after   b',
        '   2  before  c',
        '      after   (the same)',
        '      failed  late\\nnow (root.output)',
        '',
      ].join('\n'),
    )
  })

  test('breaks neither the line nor the terminal', () => {
    expect(printed({ number: 1, text: 'a\u001b[31m\n\u009b\u2028\tb' })).toBe(
      '   1  before  a\\u001b[31m\\n\\u009b\\u2028\tb\n',
    )
  })

  test('is the beginning of what is long, and how long it is', () => {
    const long = 'é'.repeat(CONTENT_SHOWN_LENGTH_MAX)
    expect(printed({ text: long })).toBe(`      before  ${long}\n`)
    expect(printed({ text: `${long}x` })).toBe(
      `      before  ${long}… (${2 * CONTENT_SHOWN_LENGTH_MAX + 1} bytes)\n`,
    )
    expect(printed({ text: 'beginning', cut: 9_000 })).toBe(
      '      before  beginning… (9000 bytes)\n',
    )
  })
})

describe('what changed', () => {
  const changes = (from: Partial<TappedRecord>, to: Partial<TappedRecord>): string | undefined =>
    changesText(record(from), record(to))

  test('is told by the paths of fields and of metadata', () => {
    const before = { value: { a: 1, b: { c: 'x', d: 1 }, e: [1] }, metadata: { k: 'v' } }
    const after = { value: { a: 2, b: { c: 'x' }, e: [2], f: null }, metadata: { k: 'w', l: 1 } }
    expect(changes(before, after)).toBe(
      'a: 1 → 2, b.d: gone, e: [1] → [2], f: + null, @k: "v" → "w", @l: + 1',
    )
  })

  test('is nothing where all is the same, or there are no fields', () => {
    expect(changes({ value: { a: 1 } }, { value: { a: 1 } })).toBeUndefined()
    expect(changes({ value: 1 }, { value: 2 })).toBeUndefined()
  })

  test('knows fields with the names of what all objects have', () => {
    expect(changes({ value: {} }, { value: { constructor: 1 } })).toBe('constructor: + 1')
  })

  test('is told as a whole where it is nested deep', () => {
    const nested = (depth: number, leaf: number): object =>
      depth === 0 ? { n: leaf } : { a: nested(depth - 1, leaf) }
    expect(changes({ value: nested(7, 1) }, { value: nested(7, 2) })).toMatch(/^(a\.){7}n: 1 → 2$/)
    expect(changes({ value: nested(8, 1) }, { value: nested(8, 2) })).toMatch(
      /^(a\.){7}a: \{"n":1\} → \{"n":2\}$/,
    )
  })

  test('is counted where it is much', () => {
    const many = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, at]))
    expect(changes({ value: {} }, { value: many(CHANGES_SHOWN_MAX) })).not.toContain('more')
    expect(changes({ value: {} }, { value: many(CHANGES_SHOWN_MAX + 2) })).toMatch(/, and 2 more$/)
    expect(changes({ value: {} }, { value: { a: 'x'.repeat(100) } })).toMatch(/^a: \+ "x{38}…$/)
  })
})

test('a value keeps the bytes that it was sent with', () => {
  const line = '{"type":"record","value":{"n":1.0, "m":12345678901234567890},"batch":1}'
  expect(valueText(line)).toBe('{"n":1.0, "m":12345678901234567890}')
  expect(readTapLine('')).toBeUndefined()
})
