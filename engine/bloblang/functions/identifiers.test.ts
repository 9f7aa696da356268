/** Ids with a clock and chance that are known, and with chance that is real. */
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { compileMapping } from '../bloblang.ts'
import { FIXED_ENVIRONMENT, runMapping, sourceOf } from '../evaluate-for-test.ts'
import { NANOID_LENGTH_MAX } from './identifiers.ts'

/** All that one compiled mapping gives, message by message. */
function series(
  mapping: string,
  count: number,
  wallUs = 1_700_000_000_123_456,
): readonly unknown[] {
  const clock = { ...FIXED_ENVIRONMENT.clock, wallUs: () => wallUs }
  const compiled = compileMapping(mapping, {
    ...FIXED_ENVIRONMENT,
    clock,
    random: new SeededRandom(1),
  })
  if (!compiled.ok) throw new Error('does not compile')
  return Array.from({ length: count }, () => compiled.value.map([sourceOf('{}')], 0).root)
}

describe('an id', () => {
  test.each([
    ['uuid_v7()', '018bcfe5-687b-7000-8000-000000000000'],
    ['ulid()', '01HF7YAT3V0000000000000000'],
    ['ulid("hex")', '018bcfe5687b00000000000000000000'],
    ['ksuid()', '2YBXZHqCHEdmhp5sdLmoTEW73NQ'],
    ['nanoid()', '_____________________'],
    ['snowflake_id()', '1724551110972149760'],
  ])('of %s is %s when chance gives zeros', (mapping, id) => {
    expect(runMapping(`root = ${mapping}`)).toBe(id)
  })

  test.each([
    ['uuid_v7()', /^018bcfe5-687b-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ['ulid()', /^01HF7YAT3V[0-9A-HJKMNP-TV-Z]{16}$/],
    ['ksuid()', /^2Y[0-9A-Za-z]{25}$/],
    ['nanoid()', /^[\w-]{21}$/],
    ['nanoid(40, "äb")', /^[äb]{40}$/],
    ['snowflake_id(7)', /^\d{19}$/],
  ])('of %s is another one each time', (mapping, form) => {
    const ids = series(`root = ${mapping}`, 200)
    expect(new Set(ids).size).toBe(200)
    for (const id of ids) expect(id).toMatch(form)
  })

  test('of Snowflake goes on in the next millisecond when one has no more', () => {
    const ids = series('root = snowflake_id()', 5_000)
    expect(new Set(ids).size).toBe(5_000)
    expect(ids.toSorted()).toEqual(ids)
  })

  test('of Nano is as long as the limit, and no longer', () => {
    expect(runMapping(`root = nanoid(${NANOID_LENGTH_MAX}).length()`)).toBe(`${NANOID_LENGTH_MAX}`)
    expect(() => runMapping(`root = nanoid(${NANOID_LENGTH_MAX + 1})`)).toThrow('expected a length')
    expect(() => runMapping('root = nanoid(1, "")')).toThrow('expected an alphabet')
  })
})

describe('fake data', () => {
  const kinds = (): readonly string[] => {
    try {
      runMapping('root = fake("unicorn")')
    } catch (thrown) {
      return /expected one of (.*)$/.exec(String(thrown))?.[1]?.split(', ') ?? []
    }
    return []
  }

  test('of every kind is made, the same for the same chance and time', () => {
    expect(kinds().length).toBeGreaterThan(40)
    for (const kind of ['', ...kinds()]) {
      const mapping = `root = [fake("${kind}")]`
      const first = series(mapping, 3)
      expect(series(mapping, 3)).toEqual(first)
      for (const [value] of first as unknown[][]) expect(String(value)).toMatch(/\S/)
    }
  })
})

describe('a counter', () => {
  test('reads its bounds from the first message, and begins again after the last number', () => {
    expect(series('root = counter(min: 7, max: 9)', 5)).toEqual([7, 8, 9, 7, 8])
  })
})
