import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { modulesFingerprint } from './module-fingerprint.ts'

let folder: string
const save = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const fingerprint = (...modules: string[]): string =>
  modulesFingerprint(
    modules.map((module) => ({ module, path: [] })),
    folder,
  )

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-fingerprint-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  save('clean.ts', `import { a } from './a.ts'\nexport default () => a`)
  save('a.ts', `export const a = 1`)
})

test('is empty without modules', () => {
  expect(fingerprint()).toBe('')
})

test('is another when a module, or a file that it imports, holds something else', () => {
  const before = fingerprint('./clean.ts')
  expect(fingerprint('./clean.ts')).toBe(before)
  save('a.ts', `export const a = 2`)
  const imported = fingerprint('./clean.ts')
  expect(imported).not.toBe(before)
  save('clean.ts', `import { a } from './a.ts'\nexport default () => [a]`)
  expect(fingerprint('./clean.ts')).not.toBe(imported)
})

test('is another when a file is no longer there, and ends where files import each other', () => {
  save('a.ts', `import './clean.ts'\nexport const a = 1`)
  const before = fingerprint('./clean.ts')
  rmSync(join(folder, 'a.ts'))
  expect(fingerprint('./clean.ts')).not.toBe(before)
})
