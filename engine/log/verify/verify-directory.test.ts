import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SimulatedDisk } from '../../ports/simulated-disk.ts'
import { encodeBatch } from '../batch.ts'
import { planRepair } from '../repair-plan.ts'
import type { Verification } from './verification.ts'
import { INVARIANTS, verifyDirectory } from './verify-directory.ts'
import {
  DIRECTORY,
  end,
  newWorkplace,
  openWorkplace,
  recordOf,
  type Workplace,
  work,
} from './workload-for-test.ts'

const ROLLED = { segmentBytes: 8 * 1024 }
const NO_CHECKPOINT = {
  journal: { firstFileBytes: 2 ** 20, laterFileBytes: 2 ** 20, filesMax: 4 },
  checkpointBytes: 2 ** 30,
}

/** A directory with a checkpoint, sealed segments and ones that grow; ended in order unless it is killed. */
async function worked({ killed = false, sets = 60, sizes = {} } = {}): Promise<Workplace> {
  const place = newWorkplace(7)
  const engine = await openWorkplace(place, { sizes: { ...ROLLED, ...sizes } })
  await work(place, engine, sets)
  if (killed) await end(place, 'kill')
  else await engine[Symbol.asyncDispose]()
  return place
}

const found = ({ findings }: Verification): readonly string[] =>
  findings.map(({ invariant }) => invariant)

async function broken(disk: SimulatedDisk): Promise<readonly string[]> {
  return found(await verifyDirectory(disk, DIRECTORY))
}

const pathsOf = ({ disk }: Workplace, pattern: RegExp): readonly string[] =>
  disk.paths.filter((path) => pattern.test(path)).sort()

/** Flips a byte and says what is broken then. */
async function flipped(
  place: Workplace,
  path: string,
  position: number,
): Promise<readonly string[]> {
  const disk = place.disk.clone(place.random)
  disk.rot(path, position)
  return await broken(disk)
}

describe('a sound directory', () => {
  test('passes, and says how much was looked at', async () => {
    const place = await worked()
    const before = place.disk.paths.map((path) => [path, place.disk.bytesOf(path)])
    const { findings, counts, id } = await verifyDirectory(place.disk, DIRECTORY)
    expect(findings).toEqual([])
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(counts.streams).toBe(2)
    expect(counts.shards).toBe(4)
    expect(counts.segments).toBeGreaterThan(4)
    const held = [...place.acknowledged.values()].reduce((sum, { size }) => sum + size, 0)
    expect(counts.records).toBeGreaterThanOrEqual(held)
    expect(place.disk.paths.map((path) => [path, place.disk.bytesOf(path)])).toEqual(before)
    expect(place.disk.openHandles).toBe(0)
  })

  test('passes after any work, ended in order, killed, or cut off by the power', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.constantFrom('close', 'kill', 'crash', 'cut'), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(1, 4096, 16_384),
        async (seed, ends, segmentBytes) => {
          const place = newWorkplace(seed)
          for (const way of ends) {
            if (way === 'cut') {
              const calls = Math.floor(place.random.next() * 150)
              place.disk.cutPowerAt(place.disk.calls + calls)
            }
            try {
              const engine = await openWorkplace(place, { sizes: { segmentBytes } })
              await work(place, engine, 12)
              if (way === 'close') await engine[Symbol.asyncDispose]()
            } catch (error) {
              if (way !== 'cut') throw error
            }
            if (way !== 'close') await end(place, way === 'kill' ? 'kill' : 'crash')
            if (!place.disk.paths.includes(`${DIRECTORY}/format.json`)) continue
            const { findings } = await verifyDirectory(place.disk, DIRECTORY)
            expect(findings).toEqual([])
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

test('a directory with compacted segments passes, before and after a repair finds nothing in it', async () => {
  const place = newWorkplace(9)
  const engine = await openWorkplace(place, { sizes: { segmentBytes: 4096 } })
  const stream = await engine.streams.create(
    recordOf('default/latest', { shards: 1, compaction: 'key' }),
  )
  const { incarnation } = stream
  for (let write = 0; write < 200; write++) {
    const record = { key: Buffer.from(`${write % 3}`), data: Buffer.alloc(300, `${write}.`) }
    const batch = encodeBatch([record])
    const appends = [{ stream: 'default/latest', incarnation, shard: 0, batch }]
    await engine.log.write({ appends })
    if (write % 20 === 0) await place.clock.advance(60_000)
  }
  await place.clock.advance(3_600_000)
  await engine[Symbol.asyncDispose]()
  expect(pathsOf(place, /\.[1-9]\d*\.segment$/)).not.toEqual([])
  expect((await verifyDirectory(place.disk, DIRECTORY)).findings).toEqual([])
  expect((await planRepair(place.disk, DIRECTORY)).places).toEqual([])
})

describe('damage is named', () => {
  test('in the marker', async () => {
    expect(await flipped(await worked(), `${DIRECTORY}/format.json`, 3)).toContain('marker')
  })

  test('in either superblock', async () => {
    const place = await worked()
    for (const copy of [0, 1]) {
      const broke = await flipped(place, `${DIRECTORY}/superblock.${copy}`, 40)
      expect(broke).toEqual(['superblock-whole'])
    }
  })

  test('in each copy of the checkpoint that counts, and as a note in the others', async () => {
    const place = await worked()
    const outcomes = []
    for (const path of pathsOf(place, /checkpoint\//)) {
      const disk = place.disk.clone(place.random)
      disk.rot(path, 30)
      const { findings, notes } = await verifyDirectory(disk, DIRECTORY)
      outcomes.push(
        findings[0]?.invariant ?? notes.find((note) => note.startsWith(path))?.slice(-30),
      )
    }
    expect(outcomes.sort()).toEqual(
      [
        'checkpoint-copies',
        'checkpoint-copies',
        'the next one writes it anew',
        'the next one writes it anew',
      ].map((text) => expect.stringContaining(text)),
    )
  })

  test('in a frame of the journal that a later one vouches for', async () => {
    const place = await worked({ killed: true, sets: 8, sizes: NO_CHECKPOINT })
    const [journal = ''] = pathsOf(place, /\.journal$/)
    const disk = place.disk.clone(place.random)
    disk.rot(journal, 4096 + 70)
    const { findings } = await verifyDirectory(disk, DIRECTORY)
    expect(findings[0]).toMatchObject({
      invariant: 'journal-durable',
      path: journal,
      position: 4096,
    })
  })

  test('wherever a byte of a segment that counts is flipped', async () => {
    const place = await worked()
    const segments = pathsOf(place, /streams\/.*\.segment$/)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...segments),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (path, share) => {
          const disk = place.disk.clone(place.random)
          const checked = await verifyDirectory(disk, DIRECTORY)
          expect(checked.findings).toEqual([])
          const counted = countedBytes(place, path)
          const position = Math.floor(share * counted)
          disk.rot(path, position)
          const { findings } = await verifyDirectory(disk, DIRECTORY)
          expect(findings.map((finding) => finding.path)).toContain(path)
          const name = findings[0]?.invariant
          expect(name).toBe(position < 4096 ? 'segment-header' : name)
          expect(name).toMatch(/^(segment-header|batch-)/)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('where a segment is missing, cut short, or of another place', async () => {
    const place = await worked()
    const [first = '', second = ''] = pathsOf(place, /streams\/.*\.segment$/)
    const gone = place.disk.clone(place.random)
    await gone.files.remove(first)
    expect(await broken(gone)).toEqual(['segment-present'])
    const swapped = place.disk.clone(place.random)
    await swapped.files.rename(second, first)
    expect(await broken(swapped)).toEqual(
      expect.arrayContaining(['segment-header', 'batch-place', 'segment-present']),
    )
  })

  test('where a segment lies that nothing explains', async () => {
    const place = await worked()
    const path = `${DIRECTORY}/streams/00000099/0000-00000000000000000001.0.segment`
    await place.disk.directories.make(`${DIRECTORY}/streams/00000099`)
    await (await place.disk.files.open(path, 'create')).close()
    const { findings } = await verifyDirectory(place.disk, DIRECTORY)
    expect(findings).toMatchObject([{ invariant: 'segment-named', path }])
  })

  test('where a part of the directory is away', async () => {
    const place = await worked()
    await place.disk.files.remove(`${DIRECTORY}/superblock.1`)
    expect(await broken(place.disk)).toContain('layout')
  })
})

test('the invariants are those of the docs page, in their order', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/engine.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)]
  const documented = rows.map(([, name, sentence]) => ({ name, sentence }))
  expect(documented).toEqual(INVARIANTS.map(({ name, sentence }) => ({ name, sentence })))
})

/** What a segment's own batches take, found by their headers. */
function countedBytes({ disk }: Workplace, path: string): number {
  const bytes = Buffer.from(disk.bytesOf(path) ?? [])
  let at = 4096
  while (at + 64 <= bytes.length && bytes.toString('latin1', at, at + 4) === 'HGB1') {
    at += 64 + bytes.readUInt32LE(at + 40)
  }
  return at
}
