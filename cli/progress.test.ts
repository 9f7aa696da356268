import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../engine/ports/simulated-clock.ts'
import type { Invocation } from './command.ts'
import { confirmed } from './confirm.ts'
import { withProgress } from './progress.ts'

interface Heard {
  readonly said: string[]
  readonly shown: (string | undefined)[]
}

async function progressOf(isInteractive: boolean, ms: number): Promise<Heard> {
  const clock = new SimulatedClock()
  const heard: Heard = { said: [], shown: [] }
  const terminal = {
    isInteractive,
    say: (text: string) => void heard.said.push(text),
    show: (text: string | undefined) => void heard.shown.push(text),
  }
  const { promise, resolve } = Promise.withResolvers<string>()
  const done = withProgress(terminal, promise, async () => '3 are left', clock)
  for (let passed = 0; passed < ms; passed += 500) await clock.advance(500)
  resolve('answer')
  expect(await done).toBe('answer')
  return heard
}

describe('what takes long', () => {
  test('says nothing where it does not, and takes its line away', async () => {
    expect(await progressOf(true, 500)).toEqual({ said: [], shown: [undefined] })
  })

  test('shows on a terminal how it is, in one line that is replaced', async () => {
    const { said, shown } = await progressOf(true, 2_000)
    expect(said).toEqual([])
    expect(shown).toEqual([
      '… 1000 ms: 3 are left',
      '… 1500 ms: 3 are left',
      '… 2000 ms: 3 are left',
      undefined,
    ])
  })

  test('says so now and then in a log', async () => {
    const { said } = await progressOf(false, 21_000)
    expect(said).toEqual(['… 10.0 s: 3 are left', '… 20.0 s: 3 are left'])
  })
})

describe('a question', () => {
  const answered = async (answer: string | undefined, yes = false): Promise<boolean> => {
    const terminal = {
      ask: async () => answer,
      say: () => undefined,
      paint: (_: string, text: string) => text,
    }
    const invocation = { options: { yes }, terminal } as unknown as Invocation
    return confirmed(invocation, 'Apply?')
  }

  test('means no, unless the answer is yes', async () => {
    expect(await answered('y')).toBe(true)
    expect(await answered(' YES ')).toBe(true)
    for (const answer of ['', 'n', 'yo', 'yes please']) expect(await answered(answer)).toBe(false)
  })

  test('is not asked with --yes, and fails where there is nobody', async () => {
    expect(await answered(undefined, true)).toBe(true)
    await expect(answered(undefined)).rejects.toMatchObject({
      code: 'Usage',
      message: 'expected --yes, for there is nobody to be asked',
    })
  })
})
