import { expect, test } from 'vitest'
import { ReadingTurns } from './shared-input.ts'

test('who reads waits for its turn, and who gives up while it waits lets nobody overtake', async () => {
  const turns = new ReadingTurns()
  const said: string[] = []
  const first = Promise.withResolvers<void>()
  const leaving = new AbortController()
  const read = (name: string, work: Promise<void>, signal = new AbortController().signal) =>
    turns.inTurn(signal, async () => {
      said.push(`${name} begins`)
      await work
      said.push(`${name} ends`)
    })
  const a = read('a', first.promise)
  const b = read('b', Promise.resolve(), leaving.signal)
  const c = read('c', Promise.resolve())
  leaving.abort(new Error('stopped'))
  await expect(b).rejects.toThrow('stopped')
  expect(said).toEqual(['a begins'])
  first.resolve()
  await Promise.all([a, c])
  expect(said).toEqual(['a begins', 'a ends', 'c begins', 'c ends'])
})
