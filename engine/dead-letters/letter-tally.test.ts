import { expect, test } from 'vitest'
import type { Verdict } from './judge-letter.ts'
import { LetterTally } from './letter-tally.ts'

function verdict(reason: string, outcome: 'leftOut' | 'noPlace' = 'leftOut'): Verdict {
  const note = { reason, component: 'c', place: undefined, time: '', attempt: 1 }
  return { outcome, note }
}

test('counts as many rows as its limit, and all others in one for each outcome', () => {
  const tally = new LetterTally(2)
  for (const reason of ['a', 'b', 'a', 'c', 'd']) tally.add(verdict(reason))
  tally.add(verdict('a', 'noPlace'))
  expect(tally.rows().map(({ outcome, reason, letters }) => [outcome, reason, letters])).toEqual([
    ['leftOut', 'a', 2],
    ['leftOut', '(others)', 2],
    ['leftOut', 'b', 1],
    ['noPlace', '(others)', 1],
  ])
  expect(tally.letters((outcome) => outcome === 'leftOut')).toBe(5)
})

test('takes over what another one counted', () => {
  const [one, other] = [new LetterTally(), new LetterTally()]
  one.add(verdict('a'))
  other.add(verdict('a'))
  one.merge(other)
  other.clear()
  expect(one.rows()).toMatchObject([{ reason: 'a', letters: 2 }])
  expect(other.rows()).toEqual([])
})
