import { expect, test } from 'vitest'
import { pinoLogger } from './pino-logger.ts'

test('an error shows what it says and where it happened, under whatever name it stands', () => {
  const lines: string[] = []
  const logger = pinoLogger({ write: (line) => void lines.push(line) }, undefined)
  logger.error('a pipeline failed', { pipeline: 'copy', error: new TypeError('no such thing') })
  const entry = JSON.parse(lines[0] ?? '') as { error: { message: string; stack: string } }
  expect(entry).toMatchObject({ pipeline: 'copy', msg: 'a pipeline failed' })
  expect(entry.error).toMatchObject({ type: 'TypeError', message: 'no such thing' })
  expect(entry.error.stack).toContain('pino-logger.test')
})
