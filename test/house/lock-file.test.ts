import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './source-files.ts'

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

test('every optional dependency of every locked package has its entry, or npm ci would refuse the lock file', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>
  }
  const missing = Object.entries(lock.packages).flatMap(([place, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .filter((name) => !isLocked(lock.packages, place, name))
      .map((name) => `${place} → ${name}`),
  )
  expect(missing).toEqual([])
})

/** As node resolves: beside the package, then in each folder above it. */
function isLocked(packages: Record<string, LockedPackage>, place: string, name: string): boolean {
  const parts = place.split('/node_modules/')
  for (let depth = parts.length; depth >= 0; depth--) {
    const folder = parts.slice(0, depth).join('/node_modules/')
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (Object.hasOwn(packages, candidate)) return true
  }
  return false
}
