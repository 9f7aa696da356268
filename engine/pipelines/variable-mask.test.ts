import { expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { Health } from './health.ts'
import { VariableMask } from './variable-mask.ts'

const VALUES: Readonly<Record<string, string>> = {
  SECRET: 'topsecret123',
  CODED: 'aGVsbG8=',
  FOUR: 'abcd',
  THREE: 'xyz',
  ODD: 'a"(b) c',
  FLAG: 'true',
}
const reference = (name: string): string => `$\{${name}}`
const maskOf = (...texts: readonly string[]): VariableMask =>
  new VariableMask({ input: texts }, (name) => VALUES[name])

test('values of variables that the config has are masked, however a message quotes them', () => {
  const mask = maskOf(reference('SECRET'), reference('ODD'), `$\{CODED|base64decode}`)
  expect(mask.text('open /x/topsecret123/y: ENOENT')).toBe('open /x/***/y: ENOENT')
  expect(mask.text('http://TOPSECRET123/')).toBe('http://***/')
  expect(mask.text(`got ${JSON.stringify(VALUES['ODD'])}`)).toBe('got "***"')
  expect(mask.text(`/?q=${encodeURIComponent(VALUES['ODD'] ?? '')}`)).toBe('/?q=***')
  expect(mask.text('hello')).toBe('***')
})

test('short values, flags, defaults and variables of others stay', () => {
  const mask = maskOf(reference('FOUR'), reference('THREE'), reference('FLAG'), `$\{NONE:default}`)
  expect(mask.text('abcd xyz true default topsecret123')).toBe('*** xyz true default topsecret123')
})

test('an error keeps its code, and its cause is left behind where it was masked', () => {
  const mask = maskOf(reference('SECRET'))
  const cause = new Error('topsecret123')
  const masked = mask.headgateError(
    new HeadgateError('OutputFailed', 'no topsecret123', { hint: 'not topsecret123', cause }),
  )
  expect(masked).toMatchObject({ code: 'OutputFailed', message: 'no ***', hint: 'not ***' })
  expect(masked.cause).toBeUndefined()
  const other = new HeadgateError('OutputFailed', 'no')
  expect(mask.error(other)).toBe(other)
})

test('neither what holds a pipeline up nor its lines show one', () => {
  const lines: unknown[] = []
  const take = (message: string, fields?: unknown): number => lines.push([message, fields])
  const mask = maskOf(reference('SECRET'))
  const logger = mask.logger({ debug: take, info: take, warn: take, error: take })
  const health = new Health(logger, 'copy', mask)
  health.trouble('output', new HeadgateError('OutputFailed', 'no topsecret123'))
  logger.error('a pipeline failed', { error: new Error('topsecret123'), count: 1 })
  expect(health.message).toBe('output: no ***')
  expect(lines).toHaveLength(2)
  expect(JSON.stringify(lines)).not.toContain('topsecret')
})
