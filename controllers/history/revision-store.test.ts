import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openCatalog } from '../catalog/sqlite-catalog.ts'
import { REVISIONS_MAX, type Revision } from './history.ts'
import type { MemberDigests, NewRevision } from './revision-store.ts'

function revision(number: number, source = 'local'): Revision {
  return {
    source,
    revision: number,
    setDigest: `set-${number}`,
    startedUs: number,
    elapsedMs: 1,
    outcome: 'applied',
    cause: 'change',
    actions: [],
    actionCount: 0,
    declared: 0,
  }
}

function added(
  number: number,
  members: Readonly<Record<string, string>>,
  pinned?: number,
): NewRevision {
  return {
    revision: revision(number),
    members: new Map(Object.entries(members)),
    textOf: (key, digest) => `${key} ${digest}`,
    changes: new Map(),
    pinned,
  }
}

const plain = (members: MemberDigests): Readonly<Record<string, string>> =>
  Object.fromEntries([...members].sort())

describe('the store of revisions', () => {
  test('gives back the set of every revision that it keeps', () => {
    const sets = fc.array(
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2', '3')),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(sets, (said) => {
        using catalog = openCatalog(':memory:')
        for (const [index, members] of said.entries())
          catalog.revisions.add(added(index + 1, members))
        said.forEach((members, index) => {
          expect(plain(catalog.revisions.members('local', index + 1))).toEqual({ ...members })
          for (const [key, digest] of Object.entries(members))
            expect(catalog.revisions.text(digest)).toMatch(new RegExp(` ${digest}$|^${key}`))
        })
      }),
    )
  })

  test('drops a text with the last revision that has it', () => {
    using catalog = openCatalog(':memory:')
    catalog.revisions.add(added(1, { a: 'first', b: 'same' }))
    catalog.revisions.add(added(2, { a: 'second', b: 'same' }))
    for (let number = 3; number <= REVISIONS_MAX; number += 1)
      catalog.revisions.add(added(number, { a: 'second', b: 'same' }))
    expect(catalog.revisions.text('first')).toBe('a first')
    catalog.revisions.add(added(REVISIONS_MAX + 1, { a: 'second', b: 'same' }))
    expect(catalog.revisions.get('local', 1)).toBeUndefined()
    expect(catalog.revisions.text('first')).toBeUndefined()
    expect(catalog.revisions.text('same')).toBe('b same')
    expect(plain(catalog.revisions.members('local', 2))).toEqual({ a: 'second', b: 'same' })
  })

  test('keeps all that a pin needs, however old, until it is lifted', () => {
    using catalog = openCatalog(':memory:')
    catalog.revisions.add(added(1, { a: 'pinned' }))
    for (let number = 2; number <= REVISIONS_MAX + 20; number += 1)
      catalog.revisions.add(added(number, { a: `text-${number}` }, 1))
    expect(plain(catalog.revisions.members('local', 1))).toEqual({ a: 'pinned' })
    expect(catalog.revisions.text('pinned')).toBe('a pinned')
    expect(catalog.revisions.text('text-2')).toBeUndefined()
    catalog.revisions.add(added(REVISIONS_MAX + 21, { a: 'last' }))
    expect(catalog.revisions.get('local', 1)).toBeUndefined()
    expect(catalog.revisions.text('pinned')).toBeUndefined()
  })

  test('keeps the sources apart', () => {
    using catalog = openCatalog(':memory:')
    catalog.revisions.add(added(1, { a: 'text' }))
    const other = { ...added(1, { a: 'text', b: 'more' }), revision: revision(1, 'other') }
    catalog.revisions.add(other)
    expect(plain(catalog.revisions.members('local', 1))).toEqual({ a: 'text' })
    expect(catalog.revisions.list('other', 10)).toHaveLength(1)
    expect(catalog.revisions.knows('third')).toBe(false)
  })

  test('takes a revision back that could not be written, and remembers the one before', () => {
    using catalog = openCatalog(':memory:')
    catalog.revisions.add(added(1, { a: 'first' }))
    const broken: NewRevision = {
      ...added(2, { a: 'second' }),
      textOf: () => {
        throw new Error('no text')
      },
    }
    expect(() => catalog.revisions.add(broken)).toThrow('no text')
    expect(catalog.revisions.latest('local')?.revision).toBe(1)
    catalog.revisions.add(added(2, { a: 'third' }))
    expect(plain(catalog.revisions.members('local', 2))).toEqual({ a: 'third' })
  })

  test('remembers what changed a resource last', () => {
    using catalog = openCatalog(':memory:')
    catalog.revisions.add({ ...added(1, {}), changes: new Map([['a', '{"verb":"create"}']]) })
    catalog.revisions.replace(revision(1), new Map([['a', '{"verb":"update"}']]))
    expect(catalog.revisions.lastChange('a')).toEqual({
      source: 'local',
      revision: 1,
      change: '{"verb":"update"}',
    })
    expect(catalog.revisions.lastChange('b')).toBeUndefined()
  })
})
