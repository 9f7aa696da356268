import { describe, expect, test } from 'vitest'
import { type HeadgateMatchers, headgateMatchers, runPipeline } from './testing.ts'

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void>, T> extends HeadgateMatchers<R> {}
}

expect.extend(headgateMatchers)

const CONFIG = {
  input: { stdin: {} },
  pipeline: { processors: [{ mapping: 'root.n = this.n.number() * 2' }] },
  output: {
    switch: {
      cases: [
        { check: 'errored()', output: { reject: 'no number' } },
        { output: { label: 'out', stdout: {} } },
      ],
    },
  },
}

const runOn = (...values: unknown[]) =>
  runPipeline(
    CONFIG,
    values.map((n) => ({ value: { n } })),
  )

async function said(claim: () => void): Promise<string> {
  try {
    claim()
  } catch (error) {
    return (error as Error).message
  }
  return 'it passed'
}

describe('matchers', () => {
  test('compare what was delivered, with asymmetric matchers too', async () => {
    const run = await runOn(1, 2)
    expect(run).toHaveDelivered('out', [{ n: 2 }, expect.objectContaining({ n: 4 })])
    expect(run).not.toHaveDelivered('out', [{ n: 2 }])
    expect(
      await said(() => expect(run).toHaveDelivered('out', [{ n: 2 }, { n: 5 }, { n: 6 }])),
    ).toBe(
      'expected out to get 3 records, got 2\n  [1].n: expected 5, got 4\n  [2]: expected {"n":6}, got nothing',
    )
    expect(await said(() => expect(run).toHaveDelivered('owt', []))).toContain(
      'no output owt\n  Did you mean out?',
    )
  })

  test('say that values differ where the number does not', async () => {
    const run = await runOn(1)
    expect(await said(() => expect(run).toHaveDelivered('out', [{ n: 3 }]))).toBe(
      'expected out to get 1 record with other values\n  [0].n: expected 3, got 2',
    )
    expect(await said(() => expect(run).toHaveDelivered('out', [undefined, 1]))).toContain(
      'got 1\n',
    )
  })

  test('tell why less was delivered than expected', async () => {
    const run = await runOn('x')
    const text = await said(() => expect(run).toHaveDelivered('out', [{ n: 2 }]))
    expect(text).toMatch(
      /got 0\n {2}\[0\]: expected .*\n {2}mapping failed: .*\n {2}rejected .*: no number/,
    )
  })

  test('find what failed, and what was rejected', async () => {
    const [failed, sound] = [await runOn('x'), await runOn(1)]
    expect(failed).toHaveFailed(/number/)
    expect(failed).toHaveRejected('no number')
    expect(await runOn('x', 'y')).toHaveFailed(/number/g)
    expect(await said(() => expect(failed).not.toHaveFailed(/number/g))).toContain('got 1:')
    expect(sound).not.toHaveFailed()
    expect(sound).not.toHaveRejected()
    expect(await said(() => expect(failed).not.toHaveFailed())).toMatch(
      /^expected no failure of a processor, got 1:\n {2}mapping \/pipeline\/processors\/0: /,
    )
    expect(await said(() => expect(failed).toHaveRejected('away'))).toBe(
      'expected a rejected record because of away, got others:\n  {"n":"x"}: no number',
    )
    expect(await said(() => expect(sound).toHaveDeadLettered())).toBe(
      'expected a dead letter, got none',
    )
  })

  test('judge whether it is exactly-once, and say why not', async () => {
    const run = await runOn(1)
    expect(await said(() => expect(run).toBeExactlyOnce())).toMatch(
      /^expected .* exactly-once, but the input stdin/,
    )
    const streams = { input: { stream: { name: 'a' } }, output: { stream: { name: 'b' } } }
    expect(await runPipeline(streams, [])).toBeExactlyOnce()
  })

  test('find dead letters by their reason', async () => {
    const config = {
      input: { stream: { name: 'a' } },
      pipeline: CONFIG.pipeline,
      output: { dead_letter: { stream: 'failed', output: { stream: { name: 'b' } } } },
    }
    const run = await runPipeline(config, [{ value: { n: 'x' } }, { value: { n: 2 } }])
    expect(run).toHaveDeadLettered(/number/)
    expect(run).toHaveDelivered('b', [{ n: 4 }])
    expect(run.deadLetters).toMatchObject([{ stream: 'failed', value: { n: 'x' } }])
  })

  test('refuse what is no run', () => {
    expect(() => expect(runOn(1)).toHaveFailed()).toThrow('was it awaited?')
  })
})
