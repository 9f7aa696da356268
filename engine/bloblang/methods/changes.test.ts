import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runMapping } from '../evaluate-for-test.ts'
import { DIFF_LENGTH_MAX } from './changes.ts'

const patched = (from: unknown, to: unknown): unknown =>
  JSON.parse(
    runMapping('root.v = this.from.patch(this.from.diff(this.to))', JSON.stringify({ from, to })),
  ).v

test('a patch with the difference gives the other value, where no arrays are', () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null))
  const { document } = fc.letrec((tie) => ({
    document: fc.dictionary(fc.string(), fc.oneof(leaf, tie('document')), { maxKeys: 4 }),
  }))
  fc.assert(
    fc.property(document, document, (from, to) => {
      expect(patched(from, to)).toEqual(to)
    }),
  )
})

test('a patch with the difference gives the elements of the other array, in some order', () => {
  const items = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 8 })
  fc.assert(
    fc.property(items, items, (from, to) => {
      expect((patched(from, to) as number[]).toSorted()).toEqual(to.toSorted())
    }),
  )
})

test('nothing changed when nothing differs', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(patched(value, value)).toEqual(JSON.parse(JSON.stringify(value)))
      const mapping = 'root = this.v.diff(this.v)'
      expect(runMapping(mapping, JSON.stringify({ v: value }))).toBe('[]')
    }),
  )
})

test('arrays are compared up to the limit, and no further', () => {
  const differences = (length: number): string =>
    runMapping(`root = range(0, ${length}).diff(range(0, ${length})).length()`)
  expect(differences(DIFF_LENGTH_MAX)).toBe('0')
  expect(() => differences(DIFF_LENGTH_MAX + 1)).toThrow(`at most ${DIFF_LENGTH_MAX} elements`)
})
