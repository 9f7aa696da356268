import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unknownLabelOf, unknownLabelText } from './unknown-label.ts'

test('a label is read back from the message about it, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (label) => {
      const text = unknownLabelText('cache', label)
      expect(unknownLabelOf(text)).toEqual({ label, list: 'cache_resources' })
    }),
  )
})

test('no other message names a label', () => {
  expect(unknownLabelOf('there is no cache named "a"')).toBeUndefined()
})
