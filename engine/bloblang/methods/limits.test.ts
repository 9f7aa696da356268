import { describe, expect, test } from 'vitest'
import { runMapping } from '../evaluate-for-test.ts'
import { DYNAMIC_LENGTH_MAX } from './dynamic.ts'
import {
  ARGON2_LANES_MAX,
  ARGON2_MEMORY_KIB_MAX,
  ARGON2_PASSES_MAX,
  BCRYPT_COST_MAX,
} from './passwords.ts'

describe('a hash that comes with a message', () => {
  const argon2 = (memory: number, passes: number, lanes: number): string => {
    const hash = `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$c29tZSBzYWx0$c29tZSBzYWx0`
    return runMapping(`root = "x".compare_argon2("${hash}")`)
  }

  test('costs as much memory, passes and lanes as the limits, and no more', () => {
    expect(argon2(ARGON2_MEMORY_KIB_MAX, 1, 1)).toBe('false')
    expect(argon2(1_024, ARGON2_PASSES_MAX, ARGON2_LANES_MAX)).toBe('false')
    const beyond = 'expected a hash of at most'
    expect(() => argon2(ARGON2_MEMORY_KIB_MAX + 1, 1, 1)).toThrow(beyond)
    expect(() => argon2(1_024, ARGON2_PASSES_MAX + 1, 1)).toThrow(beyond)
    expect(() => argon2(1_024, 1, ARGON2_LANES_MAX + 1)).toThrow(beyond)
  })

  test('of bcrypt costs as much as the limit, and no more', () => {
    const bcrypt = (cost: number): string => {
      const hash = `$2b$${String(cost).padStart(2, '0')}$${'a'.repeat(53)}`
      return runMapping(`root = "x".compare_bcrypt("${hash}")`)
    }
    expect(bcrypt(BCRYPT_COST_MAX)).toBe('false')
    expect(() => bcrypt(BCRYPT_COST_MAX + 1)).toThrow('expected a hash of a cost of at most')
  }, 60_000)

  test('is no hash unless it is whole', () => {
    expect(() => runMapping('root = "x".compare_argon2("$argon2id$v=19$m=8,t=1,p=1$$")')).toThrow(
      'expected a hash such as',
    )
    expect(() =>
      runMapping('root = "x".compare_argon2("$argon2id$v=19$m=1,t=0,p=1$YQ$YQ")'),
    ).toThrow('expected a hash of argon2')
  })
})

describe('a mapping that comes with a message', () => {
  const run = (mapping: string): string =>
    runMapping('root = this.value.bloblang(this.mapping)', JSON.stringify({ value: 5, mapping }))

  test('is as long as the limit, and no longer', () => {
    const longest = 'root = this # '.padEnd(DYNAMIC_LENGTH_MAX, 'x')
    expect(run(longest)).toBe('5')
    expect(() => run(`${longest}x`)).toThrow(`at most ${DYNAMIC_LENGTH_MAX} characters`)
  })

  test('has maps and variables of its own, and its steps count as those of the message', () => {
    expect(
      run('map twice {\n root = this * 2\n}\nlet n = 1\nroot = this.apply("twice") + $n'),
    ).toBe('11')
    expect(() => run('root = range(0, 1000000).map_each(range(0, 1000000).length())')).toThrow(
      'steps',
    )
  })

  test.each([
    'root = env("HOME")',
    'root = file("/etc/passwd")',
    'root = content()',
    'root = [1].map_each(x -> json("a"))',
    'root = @key',
    'meta a = 1\nroot = 1',
    'import "x"\nroot = 1',
    'from "x"',
  ])('does not reach beyond its value with %j', (mapping) => {
    expect(() => run(mapping)).toThrow('not available to a mapping of a message')
  })

  test('tells what is wrong with it, and where', () => {
    expect(() => run('root = this.upercase()')).toThrow(
      'failed to parse mapping: line 1 char 13: unknown method `upercase`',
    )
    expect(() => run(`root = ${'('.repeat(200)}1${')'.repeat(200)}`)).toThrow(
      'failed to parse mapping',
    )
  })
})
