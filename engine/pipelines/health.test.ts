import { expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { Health } from './health.ts'

function healthWithLines(): { health: Health; lines: string[] } {
  const lines: string[] = []
  const quiet = (): void => undefined
  const warn = (_message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    lines.push(`${fields['pipeline']}: ${fields['reason']}`)
  }
  const logger = { debug: quiet, info: quiet, warn, error: quiet }
  return { health: new Health(logger, 'copy'), lines }
}

const failure = (text: string): HeadgateError => new HeadgateError('OutputFailed', text)

test('what is tried again and again is logged once, and again after it was over', () => {
  const { health, lines } = healthWithLines()
  health.trouble('output', failure('away'))
  health.trouble('output', failure('away'))
  expect(lines).toEqual(['copy: away'])
  expect(health.message).toBe('output: away')
  health.over('output')
  expect(health.message).toBeUndefined()
  health.trouble('output', failure('away'))
  expect(lines).toEqual(['copy: away', 'copy: away'])
})

test('those who watch hear when a trouble begins and when it is over', () => {
  const { health } = healthWithLines()
  let heard = 0
  health.watch(() => heard++)
  health.over('output')
  expect(heard).toBe(0)
  health.trouble('output', failure('away'))
  health.trouble('output', failure('away'))
  health.over('output')
  expect(heard).toBe(2)
})

test('what fails because it is told to stop is shown, and not logged', () => {
  const { health, lines } = healthWithLines()
  health.end()
  health.trouble('output', failure('the pipeline is stopping'))
  expect(lines).toEqual([])
  expect(health.message).toBe('output: the pipeline is stopping')
})

test('what holds nothing up is a note, and no trouble', () => {
  const { health, lines } = healthWithLines()
  let heard = 0
  health.watch(() => heard++)
  health.show('processor typescript', failure('clean.ts:3:1: Expression expected'))
  expect(health.message).toBeUndefined()
  expect(health.note).toBe('processor typescript: clean.ts:3:1: Expression expected')
  health.show('processor typescript', undefined)
  expect([health.note, lines, heard]).toEqual([undefined, [], 2])
})
