import { expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { memory } from '../pipelines/stream-testing.ts'
import { countOpenLetters } from './open-letters.ts'
import { append, createStreams, letterOf, never, ofFailed, redriven } from './testing.ts'

async function withLetters(count: number, shards = 3): Promise<Engine> {
  const engine = memory()
  await createStreams(engine, shards)
  const letters = Array.from({ length: count }, (_, id) => letterOf({ id, stream: 'orders' }))
  await append(engine, 'failed', letters)
  return engine
}

const counted = (engine: Engine): Promise<number | undefined> =>
  countOpenLetters(ofFailed(engine), engine, never)

test('all letters are open before the first was put back, and then those that are left', async () => {
  await using engine = await withLetters(20)
  expect(await counted(engine)).toBe(20)
  await redriven(engine, { limit: 5 })
  expect(await counted(engine)).toBe(15)
  await redriven(engine)
  expect(await counted(engine)).toBe(0)
})

test('a stream of other records, or of none, holds no letters', async () => {
  await using engine = await withLetters(0)
  expect(await counted(engine)).toBeUndefined()
  await append(engine, 'failed', [{ data: Buffer.from('{}') }])
  expect(await counted(engine)).toBeUndefined()
})

test('the newest record tells, also at the end of a large batch', async () => {
  await using engine = await withLetters(0, 1)
  const other = { data: Buffer.alloc(1000) }
  await append(engine, 'failed', [...Array(500).fill(other), letterOf({ id: 1, stream: 'orders' })])
  expect(await counted(engine)).toBe(501)
})
