import { describe, expect, test } from 'vitest'
import { compileMapping } from './bloblang.ts'
import { FIXED_ENVIRONMENT, runMapping, sourceOf } from './evaluate-for-test.ts'
import { STEPS_MAX } from './frame.ts'
import { BYTES_LENGTH_MAX, COUNTS_KEPT_MAX } from './functions/generation.ts'
import { TEXT_LENGTH_MAX } from './methods/repeat.ts'
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

describe('steps', () => {
  const run = (text: string, stepsMax: number, content = '{}'): unknown => {
    const compiled = compileMapping(text, { ...FIXED_ENVIRONMENT, stepsMax })
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    return compiled.value.map([sourceOf(content)], 0).root
  }

  test.each([
    ['root = this.map_each(this + 1)', '[1,2,3]', 3],
    ['root = this.map_each(this.map_each(this))', '[[1,2],[3]]', 5],
    ['root = this.fold(0, item -> item.tally + item.value)', '[1,2,3]', 3],
    ['map f {\n root = this\n}\nroot = [this.apply("f"), this.apply("f")]', '1', 2],
    ['root = "x".repeat(64000).length()', '{}', 2000],
    ['root = range(0, 800).length()', '{}', 200],
    ['root = ("x".repeat(1000) + "y".repeat(1000)).length()', '{}', 92],
    ['root = this.map_each(range(0, 8)).length()', '[1,2]', 4],
    ['root = this.map_each("x".repeat(64)).length()', '[1,2]', 4],
    ['root = this.map_each([this, 2, 3, 4, 5, 6, 7, 8]).length()', '[1,2]', 4],
    [
      'root = this.map_each({"a":this,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8}).length()',
      '[1,2]',
      4,
    ],
  ])('of %j over %s are counted, up to the limit and no further', (text, content, steps) => {
    expect(() => run(text, steps, content)).not.toThrow()
    expect(() => run(text, steps - 1, content)).toThrow(
      `expected a mapping of at most ${steps - 1} steps for a message`,
    )
  })

  test('bound what nests, doubles or calls itself', () => {
    const inner = 'range(0, 100000)'
    for (const text of [
      `root = ${inner}.map_each(${inner}.map_each(this))`,
      `root = ${inner}.map_each("x".repeat(1000000) + "y").length()`,
      `root = ${inner}.map_each(content() + bytes(1000000)).length()`,
      'root = range(0, 1000000).map_each(range(0, 100)).length()',
      `root = ${inner}.fold([0], item -> item.tally.concat(item.tally)).length()`,
      `map f {\n root = [this.apply("f") | 1, this.apply("f") | 1]\n}\nroot = this.apply("f") | 1`,
    ]) {
      expect(() => run(text, STEPS_MAX), text).toThrow(/at most \d+ (steps|levels|characters)/)
    }
    expect(() => run('root = range(0, 40).fold("x", i -> i.tally + i.tally)', STEPS_MAX)).toThrow(
      `expected a text of at most ${TEXT_LENGTH_MAX} characters`,
    )
  })
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
