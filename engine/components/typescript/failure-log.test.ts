import { expect, test } from 'vitest'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { FAILURES_QUIET_MS, FailureLog } from './failure-log.ts'

test('the first failure is told at once, and those that follow it in time and with their number', async () => {
  const clock = new SimulatedClock()
  const lines: string[] = []
  const quiet = (): void => {}
  const warn = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    lines.push(`${message}: ${fields['pipeline']} ${fields['records']} ${fields['reason']}`)
  }
  const log = new FailureLog(clock, { debug: quiet, info: quiet, warn, error: quiet }, 'clean')
  log.failed('a')
  log.failed('b')
  await clock.advance(FAILURES_QUIET_MS - 1)
  log.failed('c')
  expect(lines).toEqual(['a record failed at a module: clean 1 a'])
  await clock.advance(1)
  log.failed('d')
  expect(lines.slice(1)).toEqual(['a record failed at a module: clean 3 d'])
})
