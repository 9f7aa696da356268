import { describe, expect, test } from 'vitest'
import { kinds } from '../../crds/kinds.ts'
import { KINDS } from '../../crds/resource.ts'
import { declare } from '../testing.ts'
import { existing, linesOf, planOf } from './testing.ts'

describe('what the API server refuses to change, the plan refuses too', () => {
  for (const kind of KINDS)
    for (const { field } of kinds[kind].transitions) {
      const name = field.replace(/^spec\./, '')
      const before = declare(kind, 'a', { [name]: 'one' })
      const after = declare(kind, 'a', { [name]: 'two' })

      test(`${field} of a ${kind}`, () => {
        const lines = linesOf(planOf([after], [existing(before)]))
        expect(lines).toEqual([`blocked(Immutable) update ${kind}/default/a`])
      })

      if (kind !== 'Stream') continue
      test(`${field} of a retained ${kind}`, () => {
        const lines = linesOf(planOf([after], [existing(before, { sealed: true })]))
        expect(lines).toEqual([`blocked(Immutable) readopt ${kind}/default/a`])
      })
    }
})
