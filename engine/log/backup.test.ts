import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DiskFiles } from '../ports/disk.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import type { SimulatedDisk } from '../ports/simulated-disk.ts'
import { restoreBackup } from './backup-restore.ts'
import { type DiskEngine, openDiskEngine } from './disk-engine.ts'
import { SMALL_SIZES } from './testing.ts'
import { verifyDirectory } from './verify/verify-directory.ts'
import {
  DIRECTORY,
  newWorkplace,
  openWorkplace,
  readAll,
  type Workplace,
  work,
} from './verify/workload-for-test.ts'

const BACKUP = '/backups/monday'
const RESTORED = '/restored'
const SIZES = { ...SMALL_SIZES, segmentBytes: 4096 }

function openAt(disk: SimulatedDisk, directory: string): Promise<DiskEngine> {
  const clock = new SimulatedClock()
  const random = new SeededRandom(5)
  return openDiskEngine({ directory, disk, clock, random, sizes: SIZES })
}

const copyOf = ({ acknowledged }: Workplace): Map<string, Map<number, string>> =>
  new Map([...acknowledged].map(([key, texts]) => [key, new Map(texts)]))

/** Of each shard all that was acknowledged before, and of what came later a part from the start. */
async function expectRestored(
  engine: DiskEngine,
  before: ReadonlyMap<string, ReadonlyMap<number, string>>,
  after: ReadonlyMap<string, ReadonlyMap<number, string>>,
): Promise<void> {
  for (const [key, texts] of after) {
    const [namespace, name, shard] = key.split('/')
    const stream = `${namespace}/${name}`
    const held = await readAll(engine, stream, Number(shard))
    for (const [sequence, text] of before.get(key) ?? []) {
      // What was trimmed while the backup began may be gone already.
      if (texts.has(sequence))
        expect([key, sequence, held.get(sequence)]).toEqual([key, sequence, text])
    }
    const last = Math.max(0, ...held.keys())
    for (const [sequence, text] of texts) {
      if (sequence <= last)
        expect([key, sequence, held.get(sequence)]).toEqual([key, sequence, text])
    }
  }
}

describe('a backup', () => {
  test('under load holds all that was acknowledged before, and a part of the rest from its start', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 30 }), async (seed, sets) => {
        const place = newWorkplace(seed)
        const engine = await openWorkplace(place, { sizes: SIZES })
        await work(place, engine, sets)
        const before = copyOf(place)
        const backup = engine.backup({ directory: BACKUP })
        await work(place, engine, 30)
        const result = await backup
        expect(result).toMatchObject({ directory: BACKUP, id: engine.id, streams: 2 })
        await engine[Symbol.asyncDispose]()
        const { disk } = place
        await restoreBackup({ disk, backup: BACKUP, directory: RESTORED, files: [] })
        const restored = await openAt(disk, RESTORED)
        expect(restored.condition()).toBeUndefined()
        expect(restored.id).toBe(engine.id)
        await expectRestored(restored, before, place.acknowledged)
        await work({ ...place, acknowledged: new Map() }, restored, 5)
        await restored[Symbol.asyncDispose]()
        expect((await verifyDirectory(disk, RESTORED)).findings).toEqual([])
        expect((await verifyDirectory(disk, DIRECTORY)).findings).toEqual([])
        expect(disk.openHandles).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  test('keeps the files it copies while streams are trimmed and deleted', async () => {
    const place = newWorkplace(4)
    const { disk, clock, random } = place
    let deleted: Promise<void> | undefined
    const files: DiskFiles = {
      ...disk.files,
      open: async (path, mode) => {
        // The first copy begins once the stream is gone, and checkpoints later.
        if (path.startsWith('/backups') && path.endsWith('.segment')) {
          deleted ??= deleteIt()
          await deleted
        }
        return await disk.files.open(path, mode)
      },
    }
    const engine = await openDiskEngine({
      directory: DIRECTORY,
      clock,
      random,
      disk: { files, directories: disk.directories },
      sizes: SIZES,
    })
    const deleteIt = async (): Promise<void> => {
      const [stream] = engine.streams.describe(['default/a'])
      await engine.streams.delete('default/a', stream?.incarnation ?? 0)
      for (let minute = 0; minute < 3; minute++) {
        await clock.advance(60_000)
        await engine.log.write({ appends: [], idempotencyKey: `${minute}` })
      }
      await clock.advance(60_000)
    }
    await work(place, engine, 30)
    await engine.backup({ directory: BACKUP })
    expect(deleted).toBeDefined()
    expect((await verifyDirectory(place.disk, BACKUP)).findings).toEqual([])
    await engine[Symbol.asyncDispose]()
    const left = place.disk.paths.filter((path) => path.startsWith(`${DIRECTORY}/streams/00000001`))
    expect(left).toEqual([])
  })

  test('that is cut short by a crash is none, wherever that happens', async () => {
    const place = newWorkplace(2)
    const engine = await openWorkplace(place, { sizes: SIZES })
    await work(place, engine, 8)
    await engine[Symbol.asyncDispose]()
    for (let call = 1; call < 160; call += 7) {
      const disk = place.disk.clone(place.random)
      const again = await openAt(disk, DIRECTORY)
      disk.cutPowerAt(disk.calls + call)
      const done = await again.backup({ directory: BACKUP }).then(
        () => true,
        () => false,
      )
      await Promise.resolve(again[Symbol.asyncDispose]()).catch(() => {})
      disk.crash()
      const isThere = disk.paths.includes(`${BACKUP}/format.json`)
      if (done) expect(isThere).toBe(true)
      if (isThere) expect((await verifyDirectory(disk, BACKUP)).findings).toEqual([])
    }
  })

  test('is refused where something lies, within the data directory, and beside another', async () => {
    const place = newWorkplace(3)
    const engine = await openWorkplace(place, { sizes: SIZES })
    await work(place, engine, 5)
    const refused = (directory: string): Promise<unknown> =>
      engine.backup({ directory }).then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    expect(await refused(`${DIRECTORY}/backup`)).toBe('BadRequest')
    expect(await refused(DIRECTORY)).toBe('BadRequest')
    expect(await refused('backup')).toBe('BadRequest')
    const [first, second] = await Promise.all([refused(BACKUP), refused('/backups/other')])
    expect([first, second]).toEqual(['done', 'ResourceBusy'])
    expect(await refused(BACKUP)).toBe('BadRequest')
    await engine[Symbol.asyncDispose]()
    expect(await refused('/backups/late')).toBe('LogReadOnly')
  })

  test('of damaged data is refused, and leaves nothing behind', async () => {
    const place = newWorkplace(6)
    const engine = await openWorkplace(place, { sizes: SIZES })
    await work(place, engine, 30)
    await place.clock.advance(20_000)
    const segment = place.disk.paths.find((path) => path.endsWith('.segment')) ?? ''
    place.disk.rot(segment, 4096 + 70)
    await expect(engine.backup({ directory: BACKUP })).rejects.toMatchObject({ code: 'LogCorrupt' })
    expect(place.disk.paths.filter((path) => path.startsWith('/backups'))).toEqual([])
    await engine[Symbol.asyncDispose]()
  })
})

describe('a restore', () => {
  test('refuses a directory with data, and a backup that is damaged', async () => {
    const place = newWorkplace(1)
    const engine = await openWorkplace(place, { sizes: SIZES })
    await work(place, engine, 10)
    await engine.backup({ directory: BACKUP })
    await engine[Symbol.asyncDispose]()
    const { disk } = place
    const onto = (directory: string): Promise<number> =>
      restoreBackup({ disk, backup: BACKUP, directory, files: [] })
    await expect(onto(DIRECTORY)).rejects.toMatchObject({ code: 'BadRequest' })
    const segment = disk.paths.find((path) => path.startsWith(`${BACKUP}/streams`)) ?? ''
    disk.rot(segment, 4096 + 70)
    await expect(onto(RESTORED)).rejects.toMatchObject({ code: 'LogCorrupt' })
    expect(disk.paths.filter((path) => path.startsWith(RESTORED))).toEqual([])
  })
})
