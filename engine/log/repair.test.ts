import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SimulatedDisk } from '../ports/simulated-disk.ts'
import { openDiskEngine } from './disk-engine.ts'
import { repair } from './repair.ts'
import { isNothing, planRepair, type RepairPlan } from './repair-plan.ts'
import { SMALL_SIZES } from './testing.ts'
import { verifyDirectory } from './verify/verify-directory.ts'
import {
  DIRECTORY,
  end,
  newWorkplace,
  openWorkplace,
  readAll,
  type Workplace,
  work,
} from './verify/workload-for-test.ts'

const SIZES = { segmentBytes: 8 * 1024 }
const NO_CHECKPOINT = {
  ...SIZES,
  journal: { firstFileBytes: 2 ** 20, laterFileBytes: 2 ** 20, filesMax: 4 },
  checkpointBytes: 2 ** 30,
}

async function worked({
  killed = false,
  sets = 60,
  sizes = {},
  seed = 7,
} = {}): Promise<Workplace> {
  const place = newWorkplace(seed)
  const engine = await openWorkplace(place, { sizes: { ...SIZES, ...sizes } })
  await work(place, engine, sets)
  if (killed) await end(place, 'kill')
  else await engine[Symbol.asyncDispose]()
  return place
}

const pathsOf = ({ disk }: Workplace, pattern: RegExp): readonly string[] =>
  disk.paths.filter((path) => pattern.test(path)).sort()

const contentsOf = (disk: SimulatedDisk): ReadonlyMap<string, Uint8Array | undefined> =>
  new Map(disk.paths.map((path) => [path, disk.bytesOf(path)]))

/** Plans, holds that this changed nothing, repairs, and holds that all but what the plan names is there again. */
async function repaired(place: Workplace): Promise<RepairPlan> {
  const { disk, random, clock } = place
  const before = contentsOf(disk)
  const plan = await planRepair(disk, DIRECTORY)
  expect(contentsOf(disk)).toEqual(before)
  const options = { disk, random, clock, sizes: { ...SMALL_SIZES, ...SIZES } }
  const names = await repair(plan, { ...options, report: 'given up\n' })
  for (const path of new Set(
    plan.places.filter(({ missing }) => !missing).map((one) => one.path),
  )) {
    const start = path.split('/').slice(-2).join('-')
    // A repair that was cut off left the same copy, so that this one has a number.
    const name = names.find((each) => each === start || each.startsWith(`${start}.`))
    expect(disk.bytesOf(`${DIRECTORY}/quarantine/${name}`)).toEqual(before.get(path))
  }
  const report = names.find((name) => name.startsWith('repair-'))
  expect(String(disk.bytesOf(`${DIRECTORY}/quarantine/${report}`))).toBe('given up\n')
  expect((await verifyDirectory(disk, DIRECTORY)).findings).toEqual([])
  expect(isNothing({ ...(await planRepair(disk, DIRECTORY)), recovered: [] })).toBe(true)
  return plan
}

/** Everything acknowledged is there but what the plan calls lost, under the names that streams have now. */
async function expectRest(
  place: Workplace,
  { lost }: Pick<RepairPlan, 'lost'>,
  nameOf = (name: string): string => name,
): Promise<void> {
  const engine = await openWorkplace(place, { sizes: SIZES })
  expect(engine.condition()).toBeUndefined()
  for (const [key, texts] of place.acknowledged) {
    const [namespace, name, shard] = key.split('/')
    const stream = nameOf(`${namespace}/${name}`)
    const held = await readAll(engine, stream, Number(shard))
    const isLost = (sequence: number): boolean =>
      lost.some(
        (one) =>
          one.stream === stream &&
          one.shard === Number(shard) &&
          one.from <= sequence &&
          sequence <= one.to,
      )
    for (const [sequence, text] of texts) {
      expect([key, sequence, held.get(sequence)]).toEqual([
        key,
        sequence,
        isLost(sequence) ? undefined : text,
      ])
    }
  }
  await engine[Symbol.asyncDispose]()
}

/** No sequence that was acknowledged before is given out again. */
async function expectNoReuse(place: Workplace): Promise<void> {
  const used = new Map([...place.acknowledged].map(([key, texts]) => [key, new Set(texts.keys())]))
  place.acknowledged.clear()
  const engine = await openWorkplace(place, { sizes: SIZES })
  await work(place, engine, 20)
  await engine[Symbol.asyncDispose]()
  for (const [key, texts] of place.acknowledged) {
    for (const sequence of texts.keys()) expect(used.get(key)?.has(sequence) ?? false).toBe(false)
  }
}

describe('a repair', () => {
  test('of a sound directory has nothing to give up', async () => {
    const place = await worked()
    const plan = await planRepair(place.disk, DIRECTORY)
    expect(isNothing(plan)).toBe(true)
    await repaired(place)
    await expectRest(place, plan)
  })

  test('gives up damaged batches of segments, and names just their sequences', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 4 }),
        async (seed, shares) => {
          const place = await worked({ seed, sets: 25 })
          const segments = pathsOf(place, /streams\/.*\.segment$/)
          for (const share of shares) {
            const path = segments[Math.floor(share * segments.length)] ?? ''
            const length = place.disk.bytesOf(path)?.length ?? 0
            place.disk.rot(path, Math.floor(((share * 7919) % 1) * length))
          }
          const plan = await repaired(place)
          await expectRest(place, plan)
          await expectNoReuse(place)
        },
      ),
      { numRuns: 25 },
    )
  })

  test('gives up a segment that is missing', async () => {
    for (const index of [0, 1, 2, -1]) {
      const place = await worked({ sets: 40 })
      const path = pathsOf(place, /streams\/.*\.segment$/).at(index) ?? ''
      await place.disk.files.remove(path)
      const plan = await repaired(place)
      expect(plan.places).toMatchObject([{ path, missing: true }])
      await expectRest(place, plan)
      await expectNoReuse(place)
    }
  })

  test('goes on behind a damaged frame of the journal', async () => {
    const place = await worked({ killed: true, sets: 10, sizes: NO_CHECKPOINT })
    const [journal = ''] = pathsOf(place, /\.journal$/)
    const from = framesOf(place.disk.bytesOf(journal) ?? new Uint8Array())[4] ?? 0
    place.disk.rot(journal, from + 70)
    const plan = await repaired(place)
    expect(plan.places).toMatchObject([{ path: journal, from }])
    expect(plan.lost.length).toBeGreaterThan(0)
    await expectRest(place, plan)
    await expectNoReuse(place)
  })

  test('puts aside what a checkpoint that was cut off wrote: the journal may have lost the same', async () => {
    const killed = await worked({ killed: true, sets: 10, sizes: NO_CHECKPOINT })
    const failing = killed.disk.clone(killed.random, {
      intercept: (op, path) => (op === 'write' && /checkpoint\//.test(path) ? 'EIO' : undefined),
    })
    // A start flushes the journal to segments, and gets no further.
    await expect(openWorkplace({ ...killed, disk: failing })).rejects.toMatchObject({})
    const place = { ...killed, disk: failing.clone(killed.random) }
    const segments = pathsOf(place, /\.segment$/)
    expect(segments).not.toEqual([])
    const [journal = ''] = pathsOf(place, /\.journal$/)
    const from = framesOf(place.disk.bytesOf(journal) ?? new Uint8Array())[4] ?? 0
    place.disk.rot(journal, from + 70)
    const plan = await repaired(place)
    expect([...plan.aside].sort()).toEqual(segments)
    expect(pathsOf(place, /quarantine\/.*\.segment$/)).toHaveLength(segments.length)
    await expectRest(place, plan)
  })

  test('gives no sequence out again that was lost at the end of the journal', async () => {
    const place = newWorkplace(7)
    const first = await openWorkplace(place, { sizes: NO_CHECKPOINT })
    await work(place, first, 10)
    // The superblock knows by now that all of it was durable.
    await place.clock.advance(2_000)
    await end(place, 'kill')
    const [journal = ''] = pathsOf(place, /\.journal$/)
    const frames = framesOf(place.disk.bytesOf(journal) ?? new Uint8Array())
    for (const at of frames.slice(-2)) place.disk.rot(journal, at + 20)
    await repaired(place)
    await expectNoReuse(place)
  })

  test('makes up a stream whose creation is lost, so that its records are not', async () => {
    const place = await worked({ killed: true, sets: 10, sizes: NO_CHECKPOINT })
    const [journal = ''] = pathsOf(place, /\.journal$/)
    place.disk.rot(journal, 4096 + 70)
    const plan = await repaired(place)
    expect(plan.recovered).toEqual(['default/unknown.recovered-2'])
    expect(plan.notes).toEqual(['the creation of stream number 2, whose records are there'])
    await expectRest(place, plan, (name) =>
      name === 'default/b' ? 'default/unknown.recovered-2' : name,
    )
  })

  test('rebuilds the streams when both copies of the checkpoint are gone', async () => {
    for (const killed of [false, true]) {
      const place = await worked({ killed })
      for (const path of pathsOf(place, /checkpoint\//)) place.disk.rot(path, 20)
      const plan = await repaired(place)
      expect([...plan.recovered].sort()).toEqual(['default/a.recovered-1', 'default/b.recovered-2'])
      await expectRest(place, plan, (name) => `${name}.recovered-${name === 'default/a' ? 1 : 2}`)
      const engine = await openWorkplace(place)
      for (const stream of engine.streams.describe()) {
        expect(stream).toMatchObject({ protected: true, sealed: { by: '' } })
      }
      await engine[Symbol.asyncDispose]()
    }
  })

  test('needs no superblock', async () => {
    for (const killed of [false, true]) {
      const place = await worked({ killed })
      for (const copy of [0, 1]) place.disk.rot(`${DIRECTORY}/superblock.${copy}`, 20)
      const plan = await repaired(place)
      expect(plan.lost).toEqual([])
      await expectRest(place, plan)
      await expectNoReuse(place)
    }
  })

  test('writes a marker anew that is damaged or away', async () => {
    const place = await worked()
    const marker = String(place.disk.bytesOf(`${DIRECTORY}/format.json`))
    await place.disk.files.remove(`${DIRECTORY}/format.json`)
    const plan = await repaired(place)
    expect(plan.markerId).toBe(JSON.parse(marker).id)
    expect(String(place.disk.bytesOf(`${DIRECTORY}/format.json`))).toBe(marker)
    await expectRest(place, plan)
  })

  test('leaves everything as it was when the power goes before its checkpoint', async () => {
    const sound = await worked({ sets: 25 })
    const path = pathsOf(sound, /streams\/.*\.segment$/)[1] ?? ''
    sound.disk.rot(path, 4096 + 70)
    const plan = await planRepair(sound.disk, DIRECTORY)
    const sizes = { ...SMALL_SIZES, ...SIZES }
    for (let call = 0; call < 140; call += 3) {
      const disk = sound.disk.clone(sound.random)
      const place = { ...sound, disk }
      disk.cutPowerAt(disk.calls + call)
      await repair(plan, { ...sound, disk, sizes, report: '' }).catch(() => {})
      await end(place, 'crash')
      const again = await repaired(place)
      expect([plan.lost, []]).toContainEqual(again.lost)
      await expectRest(place, plan)
    }
  })
})

test('an engine that was not told to accept a loss is read-only, and reads what is sound', async () => {
  const place = await worked({ sets: 40 })
  const [path = ''] = pathsOf(place, /streams\/.*\.segment$/)
  await place.disk.files.remove(path)
  const before = contentsOf(place.disk)
  const { disk, clock, random } = place
  const engine = await openDiskEngine({
    directory: DIRECTORY,
    disk,
    clock,
    random,
    sizes: SMALL_SIZES,
  })
  expect(engine.condition()).toContain('is missing; lost: default/')
  await engine[Symbol.asyncDispose]()
  expect(contentsOf(disk)).toEqual(before)
})

/** Where the frames of a journal file start. */
function framesOf(bytes: Uint8Array): readonly number[] {
  const file = Buffer.from(bytes)
  const frames: number[] = []
  for (let at = 0; at + 4 <= file.length; at += 4096) {
    if (file.toString('latin1', at, at + 4) === 'HGF2') frames.push(at)
  }
  return frames
}
