import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CATALOG_FILE, copyCatalog } from './copy-catalog.ts'
import { openCatalog } from './sqlite-catalog.ts'

test('a copy holds what the catalog holds while it is open, and none is made of none', () => {
  const root = mkdtempSync(join(tmpdir(), 'headgate-catalog-copy-'))
  const [from = '', to = ''] = ['from', 'to'].map((name) => join(root, name))
  for (const directory of [from, to]) mkdirSync(directory)
  copyCatalog(from, to)
  expect(readdirSync(to)).toEqual([])
  const catalog = openCatalog(join(from, CATALOG_FILE))
  catalog.locations.set('local', '/folder')
  copyCatalog(from, to)
  catalog.locations.set('local', '/elsewhere')
  expect(readdirSync(to)).toEqual([CATALOG_FILE])
  const copied = openCatalog(join(to, CATALOG_FILE))
  expect(copied.locations.get('local')).toBe('/folder')
  copied[Symbol.dispose]()
  catalog[Symbol.dispose]()
  rmSync(root, { recursive: true })
})
