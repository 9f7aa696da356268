import { describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { reached, runToEnd, started } from '../testing.ts'

const SPEC = { input: { stdin: {} }, output: { stdout: {} } }

describe('the stdin input', () => {
  test('reads lines to the end, and the last one without a line break', async () => {
    const environment = testEnvironment()
    environment.stdin.write('one\ntw')
    environment.stdin.end('o\nthree')
    await runToEnd(SPEC, environment)
    expect(environment.stdout.text).toBe('one\ntwo\nthree\n')
  })

  test('leaves what it did not give to the pipeline that follows', async () => {
    const environment = testEnvironment()
    const first = await started(SPEC, environment)
    environment.stdin.write('one\nhal')
    while (first.state().counters.outputSent < 1) await new Promise(setImmediate)
    await first.stop(1_000)
    const second = await started(SPEC, environment)
    environment.stdin.end('f\n')
    await reached(second, 'completed')
    expect(environment.stdout.text).toBe('one\nhalf\n')
  })

  test('goes on after a line that is too long', async () => {
    const environment = testEnvironment()
    environment.stdin.end(`${'x'.repeat(11)}\nshort\n`)
    const stdin = { scanner: { lines: { max_buffer_size: 10 } } }
    await runToEnd({ input: { stdin }, output: { stdout: {} } }, environment)
    expect(environment.stdout.text).toBe('short\n')
  })
})
