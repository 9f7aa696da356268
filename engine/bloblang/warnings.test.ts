import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../pipelines/inspect-pipeline.ts'
import { compileInterpolation, compileMapping, compileQuery } from './bloblang.ts'
import { FIXED_ENVIRONMENT } from './evaluate-for-test.ts'
import { SURPRISES_MAX } from './syntax/cursor.ts'

function warningsOf(text: string): readonly (readonly [number, number, string])[] {
  const compiled = compileMapping(text, FIXED_ENVIRONMENT)
  if (!compiled.ok) throw new Error(`does not compile: ${text}`)
  return compiled.warnings.map(({ line, column, message }) => [line, column, message])
}

const MIXED = expect.stringContaining('bind alike')

describe('warnings of a mapping', () => {
  test.each([
    ['root = this.a || this.b && this.c', 1, 25],
    ['root.x = 1\nroot.y = [(this.a || this.b == 1 && this.c)]', 2, 34],
    ['root = this.a || this.b || this.c && this.d || this.e && this.f', 1, 35],
  ])(
    'tell that `||` before `&&` does not mean what it means elsewhere: %j',
    (text, line, column) => {
      expect(warningsOf(text)).toEqual([[line, column, MIXED]])
    },
  )

  test.each([
    'root = this.a && this.b || this.c',
    'root = (this.a || this.b) && this.c',
    'root = this.a || (this.b && this.c)',
    'root = [this.a || this.b, this.c && this.d]',
  ])('are not wanted where both readings agree or brackets say it: %j', (text) => {
    expect(warningsOf(text)).toEqual([])
  })

  test.each([
    ['this.x = 1', 'a field named "this"'],
    ['meta.x = 1', 'a field named "meta"'],
    ['if true {\n  this = 1\n}', 'a field named "this"'],
    ['map thing {\n  this.a.b = 1\n}\nroot = this', 'a field named "this"'],
  ])('tell which field an assignment to a reserved word writes: %j', (text, message) => {
    expect(warningsOf(text)).toEqual([
      [expect.any(Number), expect.any(Number), expect.stringContaining(message)],
    ])
  })

  test.each(['root.this = 1', 'root.meta.x = 1', 'meta x = 1', 'a.this = 1', 'thisx = 1'])(
    'leave alone what says what it means: %j',
    (text) => {
      expect(warningsOf(text)).toEqual([])
    },
  )

  test.each([
    ['root = match this.a {\n  1 => "x"\n  _ => "y"\n  2 => "z"\n}', 4, 3, '`_` matches all'],
    ['root = match this.a { "x" => 1, "y" => 2, "x" => 3 }', 1, 43, 'the same value'],
    ['root = match this.a { 1 => 1, 1.0 => 2 }', 1, 31, 'the same value'],
    ['root = this.a + this.b | 5', 1, 24, '`a + b | c` is `a + (b | c)`'],
    ['root = this.a == this.b | 5', 1, 25, '`a == b | c` is `a == (b | c)`'],
    ['root = 1 && this.a', 1, 8, 'got number: any number but 0 counts as true'],
    ['root = this.a || "x"', 1, 18, 'got string: it fails for every message'],
    ['root = true == 1', 1, 13, 'compares bool with number: any number but 0'],
    ['root = 1 == true', 1, 10, 'compares number with bool: that is always false'],
    ['root = (this.a > 1) != "x"', 1, 21, 'compares bool with string: that is always true'],
  ])('tell what is not what it seems: %j', (text, line, column, message) => {
    expect(warningsOf(text)).toEqual([[line, column, expect.stringContaining(message)]])
  })

  test.each([
    'root = match this.a { this > 1 => 1, this > 1 => 2, _ => 3 }',
    'root = match this.a { "1" => 1, 1 => 2 }',
    'root = this.a | 5 + 1',
    'root = this.a + (this.b | 5)',
    'root = (this.a + this.b) | 5',
    'root = this.a == null',
    'root = this.a && !this.b',
    'root = 1 == 1.0',
  ])('leave alone what is what it seems: %j', (text) => {
    expect(warningsOf(text)).toEqual([])
  })

  test('change nothing of what it does', () => {
    const compiled = compileMapping('this.x = true || false && false', FIXED_ENVIRONMENT)
    const source = {
      content: () => Buffer.from('{}'),
      document: () => ({}),
      metadata: () => undefined,
      metadataKeys: () => [],
      failure: () => undefined,
    }
    expect(compiled.ok && compiled.value.map([source], 0).root).toEqual({ this: { x: false } })
  })

  test('stand in queries and interpolated texts too', () => {
    for (const compiled of [
      compileQuery('this.a || this.b && this.c', FIXED_ENVIRONMENT),
      compileInterpolation('is ${! this.a || this.b && this.c }', FIXED_ENVIRONMENT),
    ]) {
      expect(compiled.ok && compiled.warnings).toMatchObject([{ message: MIXED }])
    }
  })

  test('are told so often and not more', () => {
    const lines = (count: number): string => 'this.x = 1\n'.repeat(count)
    expect(warningsOf(lines(SURPRISES_MAX))).toHaveLength(SURPRISES_MAX)
    expect(warningsOf(lines(SURPRISES_MAX + 1))).toHaveLength(SURPRISES_MAX)
  })
})

describe('a config with warnings', () => {
  test('is sound, with the warnings at their places, and all that it needs', async () => {
    const { problems, streams, needs } = await inspectPipeline({
      input: { generate: { mapping: 'this.x = 1' } },
      pipeline: { processors: [{ mapping: 'root.x = 1\nmeta.x = 1' }] },
      output: { file: { path: './${! this.a || this.b && this.c }' } },
    })
    expect(problems.map(({ severity }) => severity)).toEqual(['warning', 'warning', 'warning'])
    expect(problems[1]).toMatchObject({
      code: 'BloblangInvalid',
      path: ['pipeline', 'processors', 0, 'mapping'],
      within: { line: 2, column: 1 },
      hint: 'Write `meta name = …`, or `root.meta` if that is what is meant.',
    })
    expect(needs).toMatchObject([{ kind: 'file' }])
    expect(streams).toEqual([])
  })
})
