import { expect, test } from 'vitest'
import { compileQuery } from '../bloblang/bloblang.ts'
import { batchingOf } from './batching.ts'
import { OFFLINE } from './bloblang-fields.ts'
import type { BuildContext } from './build-context.ts'
import { Message } from './message.ts'
import { testEnvironment } from './testing.ts'

test('a check that fails is told once, and counts as false', async () => {
  const warnings: unknown[] = []
  const silent = { debug: () => {}, info: () => {}, error: () => {} }
  const logger = { ...silent, warn: (_: string, fields?: object) => void warnings.push(fields) }
  const context = {
    environment: testEnvironment({ logger }),
    durationMs: () => undefined,
    processors: async () => ({}),
    query: (text: string) => {
      const compiled = compileQuery(text, OFFLINE)
      return compiled.ok ? compiled.value : expect.unreachable()
    },
  } as unknown as BuildContext
  const policy = { count: 0, byte_size: 0, period: '', check: 'this.last', processors: [] }
  const batching = await batchingOf(policy, ['batching'], context)
  const holds = (text: string) =>
    batching?.triggers.check?.test([Message.fromBytes(Buffer.from(text))], 0)
  expect([holds('{"last":true}'), holds('no JSON'), holds('{"last":3}')]).toEqual([
    true,
    false,
    false,
  ])
  expect(warnings).toEqual([{ reason: expect.any(String) }])
})
