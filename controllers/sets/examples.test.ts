import { describe, expect, test } from 'vitest'
import { kinds } from '../../crds/kinds.ts'
import { KINDS } from '../../crds/resource.ts'
import { readTexts } from './testing.ts'

describe('the example of each kind', () => {
  for (const kind of KINDS) {
    test(`${kind} is valid beside what it refers to`, async () => {
      const set = await readTexts({ 'a.yaml': kinds[kind].example }, { known: () => true })
      expect(set.problems).toEqual([])
      expect(
        [...set.members.values()].map(({ state, identity }) => [state, identity.kind]),
      ).toEqual([['valid', kind]])
    })
  }
})
