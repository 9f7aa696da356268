import { describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runToEnd } from '../testing.ts'

async function run(handlers: readonly unknown[]): Promise<string> {
  const environment = testEnvironment()
  const mapping = 'root.n = if this.n == 2 { throw("two") } else { this.n }'
  await runToEnd(
    {
      input: { generate: { mapping: 'root.n = counter()', interval: '', count: 3, batch_size: 3 } },
      pipeline: {
        threads: 1,
        processors: [{ mapping }, { catch: handlers }, { mutation: 'root.errored = errored()' }],
      },
      output: { stdout: {} },
    },
    environment,
  )
  return environment.stdout.text
}

describe('catch', () => {
  test('runs on what failed alone, knows the error, and clears it', async () => {
    expect((await run([{ mapping: 'root.why = error()' }])).split('\n')).toEqual([
      '{"errored":false,"n":1}',
      expect.stringMatching(/^\{"errored":false,"why":".*two"\}$/),
      '{"errored":false,"n":3}',
      '',
    ])
  })

  test('may drop what failed, and no other', async () => {
    const text = await run([{ mapping: 'root = deleted()' }])
    expect(text).toBe('{"errored":false,"n":1}\n{"errored":false,"n":3}\n')
  })

  test('clears the error even where its own processors fail', async () => {
    expect(await run([{ mapping: 'root = throw("again")' }])).toContain('{"errored":false,"n":2}')
  })
})
