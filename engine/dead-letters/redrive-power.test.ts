import { expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { openDiskEngine } from '../log/disk-engine.ts'
import { readAll } from '../pipelines/stream-testing.ts'
import { realClock } from '../ports/real-clock.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedDisk } from '../ports/simulated-disk.ts'
import { append, createStreams, ids, letterOf, openLetters, redriven } from './testing.ts'

const LETTERS = 12
const CUTS_MAX = 200

test('a power cut at any call of the disk leaves each letter open or put back once', async () => {
  const all = Array.from({ length: LETTERS }, (_, id) => id)
  let last = 0
  for (let cut = 1; cut < CUTS_MAX; cut++) {
    const random = new SeededRandom(cut)
    const disk = new SimulatedDisk(random)
    const open = (): Promise<Engine> =>
      openDiskEngine({ directory: '/data', clock: realClock, random, disk })
    const engine = await open()
    await createStreams(engine)
    // Every second one stays, and is written again.
    for (const id of all) {
      await append(engine, 'failed', [
        letterOf({ id, stream: 'orders', attempt: 1 + 4 * (id % 2) }),
      ])
    }
    disk.cutPowerAt(disk.calls + cut)
    const ended = await redriven(engine, { readBytes: 1 }).catch(() => undefined)
    disk.crash()
    await Promise.resolve(engine[Symbol.asyncDispose]()).catch(() => {})
    await using again = await open()
    const everywhere = async (): Promise<number[]> => [
      ...ids(await openLetters(again)),
      ...ids(await readAll(again, 'orders')),
    ]
    expect((await everywhere()).sort((a, b) => a - b)).toEqual(all)
    expect(await redriven(again)).toMatchObject({ open: LETTERS / 2 })
    expect((await everywhere()).sort((a, b) => a - b)).toEqual(all)
    last = cut
    if (ended?.stopped === undefined && ended !== undefined) break
  }
  expect(last).toBeGreaterThan(LETTERS / 2)
  expect(last).toBeLessThan(CUTS_MAX - 1)
})
