/** Every example of every function and method, as the reference prints it, is true. */
import { describe, expect, test } from 'vitest'
import type { Example } from './definition.ts'
import { runMapping } from './evaluate-for-test.ts'
import { functions } from './functions/index.ts'
import { methods } from './methods/index.ts'

interface Documented {
  readonly name: string
  readonly examples: readonly Example[]
}

const families: readonly (readonly [string, ReadonlyMap<string, Documented>])[] = [
  ['function', functions],
  ['method', methods],
]

for (const [family, registry] of families) {
  describe(`the examples of each ${family}`, () => {
    for (const definition of new Set(registry.values())) {
      test.each([...definition.examples])(`${definition.name}: $mapping`, (example) => {
        if (example.error === undefined) {
          expect(runMapping(example.mapping, example.input)).toBe(example.output)
        } else {
          expect(() => runMapping(example.mapping, example.input)).toThrow(example.error)
        }
      })
    }
  })
}

test('names are lower case, and no function or method is defined twice', () => {
  for (const [, registry] of families) {
    for (const name of registry.keys()) expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
  }
})
