import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPostedStore, POSTED_FILE } from '../posted/posted-store.ts'
import { CATALOG_FILE, copyCatalog } from './copy-catalog.ts'
import { openCatalog } from './sqlite-catalog.ts'

test('a copy holds what was posted, while it is open too', () => {
  const root = mkdtempSync(join(tmpdir(), 'headgate-posted-copy-'))
  const [from = '', to = ''] = ['from', 'to'].map((name) => join(root, name))
  for (const directory of [from, to]) mkdirSync(directory)
  const files = [{ path: 'a.yaml', text: 'kind: Stream' }]
  const store = openPostedStore(join(from, POSTED_FILE))
  store.sets.put('shop', files)
  copyCatalog(from, to)
  store.sets.put('shop', [])
  const copied = openPostedStore(join(to, POSTED_FILE))
  expect(copied.sets.files('shop')).toEqual(files)
  for (const open of [copied, store]) open[Symbol.dispose]()
  rmSync(root, { recursive: true })
})

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
