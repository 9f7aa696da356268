import { describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runToEnd } from '../testing.ts'

async function run(processors: readonly unknown[]): Promise<string> {
  const environment = testEnvironment()
  const mapping = 'root.n = counter()'
  await runToEnd(
    {
      input: { generate: { mapping, interval: '', count: 3, batch_size: 3 } },
      pipeline: { threads: 1, processors },
      output: { stdout: {} },
    },
    environment,
  )
  return environment.stdout.text
}

describe('a root that cannot be written as JSON', () => {
  const infinite = 'if this.n == 2 { 10.0.pow(400) } else { this.n }'

  test.each(['mapping', 'bloblang', 'mutation'])('fails its message in %s', async (name) => {
    const text = await run([
      { [name]: `root.value = ${infinite}` },
      { mapping: 'root.errored = errored()\nroot.why = error()' },
    ])
    const [first, second, third] = text.split('\n').map((line) => JSON.parse(line || 'null'))
    expect([first, third]).toEqual([
      { errored: false, why: null },
      { errored: false, why: null },
    ])
    expect(second.why).toContain('a number that is infinite cannot be written as JSON')
  })

  test('is what catch sees, with the message as it was', async () => {
    const text = await run([
      { mapping: `root = [${infinite}]` },
      { catch: [{ mapping: 'root.was = this.n' }] },
    ])
    expect(text).toBe('[1]\n{"was":2}\n[3]\n')
  })
})
