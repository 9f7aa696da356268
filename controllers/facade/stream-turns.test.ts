import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { StreamTurns } from './stream-turns.ts'

function world(): {
  readonly turns: StreamTurns
  readonly log: string[]
  work: (name: string) => () => Promise<void>
  end: (name: string) => Promise<void>
} {
  const log: string[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  return {
    turns: new StreamTurns(),
    log,
    work: (name) => {
      const gate = Promise.withResolvers<void>()
      gates.set(name, gate)
      return async () => {
        log.push(`${name} begins`)
        await gate.promise
        log.push(`${name} ends`)
      }
    },
    async end(name) {
      gates.get(name)?.resolve()
      await turn()
    },
  }
}

describe('the turns of streams', () => {
  test('come one after the other for one stream, and beside each other for two', async () => {
    const { turns, log, work, end } = world()
    void turns.one('a', work('a1'))
    void turns.one('a', work('a2'))
    void turns.one('b', work('b1'))
    await turn()
    expect(log).toEqual(['a1 begins', 'b1 begins'])
    await end('a1')
    expect(log.slice(2)).toEqual(['a1 ends', 'a2 begins'])
  })

  test('of the whole set wait for all before them, and hold all behind them up', async () => {
    const { turns, log, work, end } = world()
    void turns.one('a', work('a1'))
    void turns.all(work('set'))
    void turns.one('b', work('b1'))
    await end('b1')
    expect(log).toEqual(['a1 begins'])
    await end('a1')
    expect(log.at(-1)).toBe('set begins')
    await end('set')
    expect(log.slice(-3)).toEqual(['set ends', 'b1 begins', 'b1 ends'])
  })

  test('go on after one that failed', async () => {
    const { turns, log, work, end } = world()
    const failing = turns.one('a', () => Promise.reject(new Error('no')))
    void turns.one('a', work('a2'))
    await expect(failing).rejects.toThrow('no')
    await end('a2')
    expect(log).toEqual(['a2 begins', 'a2 ends'])
  })
})
