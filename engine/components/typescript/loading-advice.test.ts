import { describe, expect, test } from 'vitest'
import { adviceOf } from './loading-advice.ts'

const there = new Set(['/shop/help.ts', '/shop/lib/index.ts'])
const advice = (message: string) => adviceOf(message, '/shop', (path) => there.has(path))

describe('what to do about a module that does not load', () => {
  test('where it is written in what cannot be stripped', () => {
    const refused = (what: string) => `TypeScript ${what} is not supported in strip-only mode`
    expect(advice(refused('enum'))).toContain('as const')
    expect(advice(refused('namespace declaration'))).toContain('export what is in it')
    expect(advice(refused('parameter property'))).toContain('in the constructor')
    expect(advice(refused('import equals declaration'))).toContain('what JavaScript has')
  })

  test('where it imports what is not there', () => {
    expect(advice("Cannot find package 'zod'")).toBe('install it: npm install --prefix /shop zod')
    expect(advice("Cannot find module '/shop/help'")).toBe('write the name in whole, help.ts')
    expect(advice("Cannot find module '/shop/help.js'")).toBe('write the name in whole, help.ts')
    expect(advice("Cannot find module '/shop/lib'")).toBe('write the name in whole, lib/index.ts')
    expect(advice("Cannot find module '/shop/none.ts'")).toBeUndefined()
  })

  test('where it imports a type, or JSON, as if it were code', () => {
    const missing =
      "SyntaxError: The requested module './a.ts' does not provide an export named 'A'"
    expect(advice(missing)).toBe('if it is a type, write import type { A }')
    expect(advice('Module "file:///a.json" needs an import attribute of "type: json"')).toContain(
      "with { type: 'json' }",
    )
  })

  test('and nothing where there is nothing to say', () => {
    expect(advice('LIMIT is not set')).toBeUndefined()
  })
})
