import { describe, expect, test } from 'vitest'
import type { BlockedChange, ConvergenceReport } from '../controllers/apply/convergence.ts'
import { convergenceText } from './convergence-text.ts'

const QUIET: ConvergenceReport = {
  source: 'local',
  setDigest: '',
  isFirst: false,
  changes: [],
  failures: [],
  elapsedMs: 1,
  files: [],
  problems: [],
  problemsResolved: 0,
  incompleteBecause: [],
  blocked: [],
  approval: undefined,
  converged: 0,
}

const textOf = (report: Partial<ConvergenceReport>, namesSource = false): string =>
  convergenceText(
    { ...QUIET, ...report },
    {
      texts: () => undefined,
      paint: (_style, text) => text,
      commandText: (text) => text,
      namesSource,
    },
  )

const heldBack = (
  name: string,
  wanted: BlockedChange['wanted'],
  reason: string,
): BlockedChange => ({
  wanted,
  blockedBy: 'OverBudget',
  identity: { kind: 'Stream', namespace: 'default', name },
  reason,
  cause: undefined,
})

describe('what is held back', () => {
  test('for one reason is one line, however many they are', () => {
    const names = Array.from({ length: 400 }, (_, index) => `s${index}`)
    const blocked = names.map((name) => heldBack(name, 'delete', 'Too many.'))
    expect(textOf({ blocked: [...blocked, heldBack('p', 'delete', 'Protected.')] })).toBe(
      [
        '! delete Stream s0, Stream s1, Stream s2, Stream s3, Stream s4, Stream s5, … 394 more are held back: Too many. [OverBudget]',
        '! delete Stream p is held back: Protected. [OverBudget]',
      ].join('\n'),
    )
  })

  test('and keeps running is said so', () => {
    const blocked = ['a', 'b'].map((name) => heldBack(name, 'keep', 'It waits.'))
    expect(textOf({ blocked })).toBe(
      '! Stream a, Stream b keep running as they were last accepted: It waits. [OverBudget]',
    )
  })
})

test('many failures are cut short', () => {
  const failures = Array.from({ length: 25 }, (_, index) => ({
    verb: 'create' as const,
    identity: { kind: 'Stream' as const, namespace: 'default', name: `s${index}` },
    reason: '',
    cause: undefined,
    code: 'DiskFull',
    message: 'no room',
    hint: undefined,
    retryInMs: undefined,
  }))
  const lines = textOf({ failures }).split('\n')
  expect(lines).toHaveLength(21)
  expect(lines.at(-1)).toBe('… and 5 more failures: headgate get all shows them.')
})

test('where there are several sources, the one that is meant is named', () => {
  expect(textOf({ problemsResolved: 1 }, true)).toBe('source local:\n✓ 1 ms  1 problem resolved')
})

test('what no file caused says why it happened', () => {
  const identity = { kind: 'Stream', namespace: 'default', name: 's' } as const
  const gone = { verb: 'delete', identity, reason: 'its retainFor of 3s has passed' } as const
  expect(textOf({ changes: [{ ...gone, cause: undefined }] })).toBe(
    '✓ 1 ms  - Stream s (its retainFor of 3s has passed)',
  )
  const cause = { file: 'a.yaml', line: 1, column: 1 }
  expect(textOf({ changes: [{ ...gone, cause }] })).toBe('✓ 1 ms  - Stream s')
})
