import { describe, expect, test } from 'vitest'
import { compileMapping } from './bloblang.ts'
import { FIXED_ENVIRONMENT, runMapping, sourceOf } from './evaluate-for-test.ts'
import { BYTES_LENGTH_MAX, COUNTS_KEPT_MAX } from './functions/generation.ts'
import { PREVIEW_LENGTH_MAX } from './values/kind-of.ts'

describe('limits of functions', () => {
  test('bytes are as many as the limit, and no more', () => {
    expect(runMapping(`root = bytes(${BYTES_LENGTH_MAX}).length()`)).toBe(`${BYTES_LENGTH_MAX}`)
    expect(() => runMapping(`root = bytes(${BYTES_LENGTH_MAX + 1}).length()`)).toThrow(
      `expected a length from 0 to ${BYTES_LENGTH_MAX}`,
    )
  })

  test('counts have as many names as the limit, and no more', () => {
    const text = 'root = this.names.map_each(name -> count(name)).length()'
    const clock = { ...FIXED_ENVIRONMENT.clock }
    const compiled = compileMapping(text, { ...FIXED_ENVIRONMENT, clock })
    if (!compiled.ok) throw new Error('does not compile')
    const run = (names: readonly string[]): unknown =>
      compiled.value.map([sourceOf(JSON.stringify({ names }))], 0).root
    const names = Array.from({ length: COUNTS_KEPT_MAX }, (_, n) => `name${n}`)
    expect(run(names)).toBe(COUNTS_KEPT_MAX)
    expect(run(names.slice(0, 1))).toBe(1)
    expect(() => run(['another'])).toThrow(`expected at most ${COUNTS_KEPT_MAX} names`)
  })
})

test('a count is one for all mappings of a process, however many environments they see', () => {
  const clock = { ...FIXED_ENVIRONMENT.clock }
  const next = (): unknown => {
    const compiled = compileMapping('root = count("seen")', { ...FIXED_ENVIRONMENT, clock })
    return compiled.ok ? compiled.value.map([sourceOf('')], 0).root : undefined
  }
  expect([next(), next()]).toEqual([1, 2])
})

describe('a value in a message', () => {
  test('is shown as long as the limit, and cut beyond it', () => {
    const failure = (length: number): string => {
      try {
        return runMapping('root = this.a.floor()', JSON.stringify({ a: 'x'.repeat(length) }))
      } catch (thrown) {
        return String(thrown)
      }
    }
    const whole = 'x'.repeat(PREVIEW_LENGTH_MAX)
    expect(failure(PREVIEW_LENGTH_MAX)).toContain(`("${whole}")`)
    expect(failure(PREVIEW_LENGTH_MAX + 1)).toContain(`("${whole}...")`)
  })
})
