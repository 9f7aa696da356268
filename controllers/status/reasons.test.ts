import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CONDITION_TYPES } from './condition.ts'
import { REASONS } from './reasons.ts'

const FOLDER = join(import.meta.dirname, '..')
/** The compiler holds that nothing else is used; here, that each of them is. */
const used = new Set(
  globSync('**/*.ts', { cwd: FOLDER })
    .filter((path) => !/(\.test|testing|status\/(reasons|condition))\.ts$/.test(path))
    .flatMap(
      (path) => readFileSync(join(FOLDER, path), 'utf8').match(/(?<=')[A-Z][A-Za-z]+(?=')/g) ?? [],
    ),
)

describe('the table of reasons', () => {
  test('holds no reason that nothing gives', () => {
    expect(Object.keys(REASONS).filter((reason) => !used.has(reason))).toEqual([])
  })

  test('holds no condition that nothing has', () => {
    expect(Object.keys(CONDITION_TYPES).filter((type) => !used.has(type))).toEqual([])
  })

  test('is in the order of the alphabet, one sentence each', () => {
    const names = Object.keys(REASONS)
    expect(names).toEqual([...names].sort())
    for (const meaning of Object.values(REASONS)) expect(meaning).toMatch(/^[A-Z].*\.$/)
  })
})
