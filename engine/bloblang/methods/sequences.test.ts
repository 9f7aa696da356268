import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runMapping } from '../evaluate-for-test.ts'

test('a slice of text is one of its bytes, however it is cut', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀'), maxLength: 12 })
  const place = fc.integer({ min: -20, max: 70 })
  fc.assert(
    fc.property(text, place, place, (one, low, high) => {
      const bytes = Buffer.from(one)
      const from = low < 0 ? Math.max(0, bytes.length + low) : low
      const to = high < 0 ? bytes.length + high : high
      const expected = bytes.subarray(from, Math.max(from, to)).toString()
      const input = JSON.stringify({ one, low, high })
      expect(runMapping('root = this.one.slice(this.low, this.high)', input)).toBe(expected)
    }),
  )
})
