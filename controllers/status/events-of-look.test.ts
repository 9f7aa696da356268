import { expect, test } from 'vitest'
import type { ConvergenceReport } from '../apply/convergence.ts'
import { eventsOf } from './events-of-look.ts'

const identity = { kind: 'Pipeline', namespace: 'default', name: 'clean' }

const told = (message: string, hint?: string): readonly string[] => {
  const failure = { verb: 'replace', identity, code: 'DependencyNotReady', message, hint }
  const none = { changes: [], blocked: [], problems: [], incompleteBecause: [] }
  const report = { ...none, source: 'local', failures: [failure] }
  const given = report as unknown as ConvergenceReport
  return eventsOf(given, () => undefined).map((event) => event.message)
}

test('why something failed and what to do about it are two sentences', () => {
  expect(told('there is no file clean.ts', 'Mend the file.')).toEqual([
    'replace failed: there is no file clean.ts. Mend the file.',
  ])
  expect(told('Stream a does not exist.', 'Declare it.')).toEqual([
    'replace failed: Stream a does not exist. Declare it.',
  ])
  expect(told('away')).toEqual(['replace failed: away'])
})
