import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { ForeignThread } from './foreign-thread.ts'

const never = new AbortController().signal
const thread = (source: string, data: unknown = null) =>
  new ForeignThread<unknown, unknown>({ source, data, clock: new SimulatedClock() })

describe('a thread for what other people wrote', () => {
  test('answers lists in the order in which they came, and keeps what it prepared', async () => {
    const counting = thread('let n = data; return (list) => list.map((one) => [one, n++])', 5)
    const answers = await Promise.all([counting.run(['a', 'b'], never), counting.run(['c'], never)])
    expect(answers).toEqual([
      [
        ['a', 5],
        ['b', 6],
      ],
      [['c', 7]],
    ])
    await counting.close()
  })

  test('starts anew after it failed, ended, or filled its memory', async () => {
    const source = `return (list) => {
      if (list[0] === 'throw') throw new Error('it failed')
      if (list[0] === 'exit') process.exit(1)
      if (list[0] === 'few') return []
      if (list[0] === 'fill') for (let all = [], n = 0; ; n++) all = [all, 'x'.repeat(1_000_000) + n, new Array(100_000).fill(n + 0.5)]
      return list
    }`
    const failing = thread(source)
    const outcome = (what: string) => failing.run([what], never).catch((why: Error) => why.message)
    expect(await outcome('throw')).toBe('it failed')
    expect(await outcome('exit')).toBe('its thread ended')
    expect(await outcome('few')).toBe('it did not answer every message')
    expect(await outcome('fill')).toContain('memory')
    expect(await outcome('fine')).toEqual(['fine'])
    await failing.close()
  })

  test('fails each list when it cannot be prepared', async () => {
    const broken = thread('throw new Error("no module")')
    await expect(broken.run(['a'], never)).rejects.toThrow('no module')
    await expect(broken.run(['a'], never)).rejects.toThrow('no module')
    await broken.close()
  })

  test('ends when it is closed, whatever it does, and takes no more', async () => {
    const busy = thread('return () => { for (;;); }')
    const hung = busy.run(['a'], never).catch((why: { code: string }) => why.code)
    await new Promise(setImmediate)
    await busy.close()
    expect(await hung).toBe('StopTimedOut')
    await expect(busy.run(['a'], never)).rejects.toMatchObject({ code: 'StopTimedOut' })
  })

  test('sees no environment variables', async () => {
    const curious = thread('return (list) => list.map(() => Object.keys(process.env))')
    expect(await curious.run(['a'], never)).toEqual([[]])
    await curious.close()
  })

  test('keeps the process alive while somebody waits, and not after that', () => {
    const path = JSON.stringify(new URL('./foreign-thread.ts', import.meta.url).href)
    const script = `
      const { ForeignThread } = await import(${path})
      const clock = { schedule: () => ({ cancel() {} }) }
      const thread = new ForeignThread({ source: 'return (list) => list', data: null, clock })
      console.log(await thread.run(['answered'], new AbortController().signal))`
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 30_000,
    })
    expect(out.toString()).toContain('answered')
  })
})
