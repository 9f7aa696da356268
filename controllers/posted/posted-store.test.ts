import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { filesDigest, openPostedStore, POSTED_SCHEMA_VERSION } from './posted-store.ts'
import { identityOf, objectOf } from './testing.ts'

const directory = mkdtempSync(join(tmpdir(), 'headgate-posted-store-'))
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(directory, { recursive: true, force: true })
})
const path = join(directory, 'posted.sqlite')
const [a, b] = [
  { path: 'a.yaml', text: 'a' },
  { path: 'b.yaml', text: 'b' },
]

describe('what was posted', () => {
  test('is there when the file is opened again', () => {
    const orders = identityOf('Stream', 'orders')
    const written = objectOf('Stream', 'orders', { shards: 2 })
    {
      using store = openPostedStore(path)
      store.sets.put('shop', [a, b])
      store.sets.put('shop', [b])
      store.objects.put(orders, written)
      store.objects.put(identityOf('Stream', 'gone'), written)
      store.objects.remove('Stream/default/gone')
    }
    using store = openPostedStore(path)
    expect(store.sets.names()).toEqual(['shop'])
    expect(store.sets.files('shop')).toEqual([b])
    expect(store.sets.digest('shop')).toBe(filesDigest([b]))
    expect([...store.objects.all()]).toEqual([
      ['Stream/default/orders', { identity: orders, written }],
    ])
  })

  test('has the same digest in whatever order it comes', () => {
    expect(filesDigest([a, b])).toBe(filesDigest([b, a]))
    expect(filesDigest([a])).not.toBe(filesDigest([{ ...a, text: 'x' }]))
  })

  test('stays as it was when a write fails, which is said', () => {
    using store = openPostedStore(':memory:')
    store.sets.put('shop', [a])
    vi.spyOn(StatementSync.prototype, 'run').mockImplementation(() => {
      throw Object.assign(new Error('database or disk is full'), { errcode: 13 })
    })
    const full = expect.objectContaining({ code: 'DiskFull' })
    expect(() => store.sets.put('shop', [b])).toThrow(full)
    expect(() => store.objects.put(identityOf('Stream', 'x'), objectOf('Stream', 'x', {}))).toThrow(
      full,
    )
    expect(store.sets.files('shop')).toEqual([a])
    expect(store.sets.digest('shop')).toBe(filesDigest([a]))
    expect(store.objects.all().size).toBe(0)
  })

  test('is left alone where a newer version wrote it', () => {
    openPostedStore(path)[Symbol.dispose]()
    const newer = new DatabaseSync(path)
    newer.exec(`pragma user_version = ${POSTED_SCHEMA_VERSION + 1}`)
    newer.close()
    expect(() => openPostedStore(path)).toThrow(
      expect.objectContaining({ code: 'CatalogUnusable' }),
    )
  })
})
