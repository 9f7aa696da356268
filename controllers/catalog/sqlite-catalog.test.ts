import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { APPROVAL_VALID_US } from '../plan/destructive-digest.ts'
import { PRUNE_WINDOW_US } from '../plan/prune-budget.ts'
import { declare } from '../testing.ts'
import type { Catalog, CatalogEntry } from './catalog.ts'
import { CATALOG_SCHEMA_VERSION } from './catalog-file.ts'
import { openCatalog } from './sqlite-catalog.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headgate-catalog-'))
  path = join(directory, 'deep', 'catalog.sqlite')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function entry(name: string): CatalogEntry {
  const member = declare('Stream', name)
  return {
    identity: member.identity,
    uid: `uid-${name}`,
    id: name,
    owner: 'local',
    accepted: member.state === 'valid' ? member.resource : undefined,
    pending: undefined,
    removal: undefined,
    generation: 1,
    observedGeneration: 1,
    createdUs: 7,
    origin: member.origin,
    completed: undefined,
  }
}

function reopened(write: (catalog: Catalog) => void): Catalog {
  using catalog = openCatalog(path)
  write(catalog)
  return openCatalog(path)
}

describe('the catalog', () => {
  test('remembers everything over a restart, and gives no revision twice', () => {
    using catalog = reopened(({ entries, locations }) => {
      entries.put(entry('a'))
      entries.put(entry('b'))
      entries.remove('Stream/default/b')
      expect(entries.drawRevision()).toBe(4)
      locations.set('local', '/config')
    })
    expect(catalog.entries.get('Stream/default/a')).toMatchObject({ uid: 'uid-a', revision: 1 })
    expect(catalog.entries.all().size).toBe(1)
    expect(catalog.entries.put(entry('c')).revision).toBeGreaterThan(4)
    expect(catalog.locations.get('local')).toBe('/config')
  })

  test('writes all of an atom or nothing, in memory too', () => {
    using catalog = openCatalog(path)
    catalog.entries.put(entry('a'))
    expect(() =>
      catalog.atomically(() => {
        catalog.entries.put(entry('b'))
        throw new Error('no')
      }),
    ).toThrow('no')
    expect([...catalog.entries.all().keys()]).toEqual(['Stream/default/a'])
    expect(catalog.entries.revision()).toBe(1)
  })

  test('keeps an approval for a day, over a restart, and only until it is spent', () => {
    using catalog = reopened(({ approvals }) => {
      approvals.give('local', { digest: 'one', givenUs: 1 })
      approvals.give('local', { digest: 'two', givenUs: 2 })
      approvals.spend('local', 'two')
    })
    expect(catalog.approvals.of('local', APPROVAL_VALID_US)).toEqual([
      { digest: 'one', givenUs: 1 },
    ])
    expect(catalog.approvals.of('local', APPROVAL_VALID_US + 1)).toEqual([])
    expect(catalog.approvals.of('git', 2)).toEqual([])
  })

  test('takes an approval back into a larger write', () => {
    using catalog = reopened(({ approvals, atomically }) => {
      atomically(() => approvals.give('local', { digest: 'one', givenUs: 1 }))
    })
    expect(catalog.approvals.of('local', 2)).toEqual([{ digest: 'one', givenUs: 1 }])
  })

  test('counts what was pruned within the hour, once, and not what came back', () => {
    using catalog = openCatalog(path)
    const { identity } = entry('a')
    catalog.prunes.add('local', identity, 1)
    catalog.prunes.add('local', identity, 2)
    expect(catalog.prunes.of('local', PRUNE_WINDOW_US)).toEqual([{ kind: 'Stream', atUs: 2 }])
    expect(catalog.prunes.of('local', PRUNE_WINDOW_US + 2)).toEqual([])
    catalog.prunes.forget('local', identity)
    expect(catalog.prunes.of('local', 3)).toEqual([])
  })

  test('refuses a file that a newer version wrote', () => {
    openCatalog(path)[Symbol.dispose]()
    const file = new DatabaseSync(path)
    file.exec(`pragma user_version = ${CATALOG_SCHEMA_VERSION + 1}`)
    file.close()
    expect(() => openCatalog(path)).toThrow(expect.objectContaining({ code: 'CatalogUnusable' }))
  })

  test('refuses a file that is no database, and says what moving it away costs', () => {
    expect(() => openCatalog(directory)).toThrow(
      expect.objectContaining({ code: 'CatalogUnusable' }),
    )
  })
})
