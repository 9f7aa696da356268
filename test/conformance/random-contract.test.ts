/** The random port: chance of the system and chance from a seed have the same shapes; only the seed's can be replayed. */
import { describe, expect, test } from 'vitest'
import type { Random } from '../../engine/ports/random.ts'
import { realRandom } from '../../engine/ports/real-random.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'

const DRAWS = 1_000
const RANDOMS: Readonly<Record<string, Random>> = { real: realRandom, seeded: new SeededRandom(7) }

for (const [name, random] of Object.entries(RANDOMS)) {
  describe(`the ${name} random`, () => {
    test('draws from 0 up to, but not, 1, in both halves', () => {
      const draws = Array.from({ length: DRAWS }, () => random.next())
      expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
      const low = draws.filter((draw) => draw < 0.5).length
      expect(low).toBeGreaterThan(DRAWS / 4)
      expect(low).toBeLessThan((DRAWS * 3) / 4)
    })

    test('gives as many bytes as asked for, none included', () => {
      expect([0, 1, 33].map((count) => random.bytes(count).length)).toEqual([0, 1, 33])
      expect(new Set(random.bytes(DRAWS)).size).toBeGreaterThan(100)
    })

    test('makes version 4 UUIDs that differ', () => {
      const ids = Array.from({ length: DRAWS }, () => random.uuid())
      const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
      expect(ids.filter((id) => !form.test(id))).toEqual([])
      expect(new Set(ids).size).toBe(DRAWS)
    })
  })
}

test('the same seed draws the same, another one otherwise', () => {
  const draws = (seed: number): readonly number[] => {
    const random = new SeededRandom(seed)
    return Array.from({ length: 10 }, () => random.next())
  }
  expect(draws(3)).toEqual(draws(3))
  expect(draws(3)).not.toEqual(draws(4))
})
