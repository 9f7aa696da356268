/** What every engine promises, as tests: each sentence of the ports' comments that a caller can see. */
import { describe, expect, test } from 'vitest'
import { describeCompactionContract } from './engine-contract-compaction.ts'
import { describeGroupsContract } from './engine-contract-groups.ts'
import { describeLimitsContract } from './engine-contract-limits.ts'
import { describeReadContract } from './engine-contract-read.ts'
import { describeRetentionContract } from './engine-contract-retention.ts'
import { describeStreamsContract } from './engine-contract-streams.ts'
import { describeWriteContract } from './engine-contract-write.ts'
import { type OpenEngine, rejection, useEngine } from './engine-under-test.ts'

export function describeEngineContract(name: string, open: OpenEngine): void {
  describe(`the ${name} engine`, () => {
    describeWriteContract(open)
    describeReadContract(open)
    describeStreamsContract(open)
    describeRetentionContract(open)
    describeCompactionContract(open)
    describeGroupsContract(open)
    describeLimitsContract(open)

    describe('at its end', () => {
      const under = useEngine(open)
      const { write } = under

      test('takes nothing more once it was disposed, however often', async () => {
        const pending = write('x')
        await Promise.all([
          under.engine[Symbol.asyncDispose](),
          under.engine[Symbol.asyncDispose](),
        ])
        expect((await pending).appends.length).toBe(1)
        expect(await rejection(write('y'))).toBe('LogReadOnly')
        expect(under.engine.condition()).toContain('closed')
      })
    })
  })
}
