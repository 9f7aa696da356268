import { expect, test } from 'vitest'
import { openCatalog } from '../catalog/sqlite-catalog.ts'
import { NO_RESETS, RESETS_KEPT } from './reset-store.ts'

const KEY = 'Pipeline/default/p'

test('what was carried out is remembered up to the limit, the newest last', () => {
  using catalog = openCatalog(':memory:')
  const done = Array.from({ length: RESETS_KEPT + 1 }, (_, index) => `digest ${index}`)
  catalog.resets.put(KEY, { ...NO_RESETS, done: done.slice(1) })
  expect(catalog.resets.get(KEY).done).toEqual(done.slice(1))
  catalog.resets.put(KEY, { ...NO_RESETS, done })
  expect(catalog.resets.get(KEY).done).toEqual(done.slice(1))
})

test('a write that is rolled back is forgotten, and so is what was removed', () => {
  using catalog = openCatalog(':memory:')
  catalog.resets.put(KEY, { ...NO_RESETS, done: ['a'] })
  expect(() =>
    catalog.atomically(() => {
      catalog.resets.put(KEY, { ...NO_RESETS, done: ['a', 'b'] })
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(catalog.resets.get(KEY).done).toEqual(['a'])
  catalog.resets.remove(KEY)
  expect(catalog.resets.get(KEY)).toEqual(NO_RESETS)
})
