/** Every example of every function and method, as the reference prints it, is true. */
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Example } from './definition.ts'
import { FIXED_ENVIRONMENT, runMapping } from './evaluate-for-test.ts'
import { functions } from './functions/index.ts'
import type { MappingFiles } from './mapping-files.ts'
import { methods } from './methods/index.ts'

interface Documented {
  readonly name: string
  readonly examples: readonly Example[]
}

const families: readonly (readonly [string, ReadonlyMap<string, Documented>])[] = [
  ['function', functions],
  ['method', methods],
]

/** One file is there to be read. */
const files: MappingFiles = {
  read: (path) => {
    if (basename(path) !== 'greeting.txt') throw new Error(`there is no ${path}`)
    return { path, bytes: Buffer.from('hello') }
  },
}

function run({ mapping, input }: Example): string {
  return runMapping(mapping, input, 'map', { ...FIXED_ENVIRONMENT, files })
}

for (const [family, registry] of families) {
  describe(`the examples of each ${family}`, () => {
    for (const definition of new Set(registry.values())) {
      test.each([...definition.examples])(`${definition.name}: $mapping`, (example) => {
        if (example.error === undefined) {
          expect(run(example)).toBe(example.output)
        } else {
          expect(() => run(example)).toThrow(example.error)
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
