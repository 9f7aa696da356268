/** What of the unsynced a crash of the simulated disk leaves, by policy, and what it leaves of names. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts'

const SECTOR_BYTES = 512

const bytes = (sectors: number, fill: number) => new Uint8Array(sectors * SECTOR_BYTES).fill(fill)

/** With `/d/f`, 8 sectors of ones, all of it durable. */
async function open(seed: number, options: SimulatedDiskOptions = {}) {
  const disk = new SimulatedDisk(new SeededRandom(seed), options)
  await disk.directories.make('/d')
  const file = await disk.files.open('/d/f', 'create')
  await file.write(bytes(8, 1), 0)
  await file.sync()
  await disk.directories.sync('/d')
  return { disk, file }
}

/** The first byte of each sector. */
function sectorsOf(disk: SimulatedDisk): readonly number[] {
  const held = disk.bytesOf('/d/f') ?? new Uint8Array()
  return Array.from({ length: held.length / SECTOR_BYTES }, (_, at) => held[at * SECTOR_BYTES] ?? 0)
}

/** How the sectors look after a crash, for many seeds. */
function outcomes(act: (seed: number) => Promise<string>): Promise<ReadonlySet<string>> {
  return Promise.all(Array.from({ length: 200 }, (_, seed) => act(seed))).then(
    (found) => new Set(found),
  )
}

describe('of what was not synced', () => {
  test('nothing survives, or all, when the test says so', async () => {
    for (const [survivors, expected] of [
      ['none', [1, 1, 1, 1, 1, 1, 1, 1]],
      ['all', [1, 2, 2, 3, 3, 1, 1, 1]],
    ] as const) {
      const { disk, file } = await open(1, { survivors })
      await file.write(bytes(3, 2), SECTOR_BYTES)
      await file.write(bytes(2, 3), 3 * SECTOR_BYTES)
      disk.crash()
      expect(sectorsOf(disk)).toEqual(expected)
    }
  })

  test('a policy of one crash goes before that of the disk', async () => {
    const { disk, file } = await open(1, { survivors: 'none', names: 'none' })
    await file.write(bytes(1, 2), 0)
    await disk.files.rename('/d/f', '/d/g')
    disk.crash({ survivors: 'all', names: 'all' })
    expect([disk.paths, disk.bytesOf('/d/g')?.[0]]).toEqual([['/d/g'], 2])
  })

  test('a later write may be there whole when an earlier one is gone, and the other way round', async () => {
    const found = await outcomes(async (seed) => {
      const { disk, file } = await open(seed)
      await file.write(bytes(4, 2), 0)
      await file.write(bytes(4, 3), 4 * SECTOR_BYTES)
      disk.crash()
      return sectorsOf(disk).join('')
    })
    for (const outcome of ['11111111', '22223333', '11113333', '22221111', '22211111']) {
      expect(found).toContain(outcome)
    }
  })

  test('a long write may be cut off at one place', async () => {
    const found = await outcomes(async (seed) => {
      const { disk, file } = await open(seed)
      await file.write(bytes(64, 2), 0)
      disk.crash()
      return /^2{20,60}1*$/.test(sectorsOf(disk).join('')) ? 'cut off' : 'another way'
    })
    expect(found).toContain('cut off')
  })

  test('a sector written twice is any of the three that it was', async () => {
    const found = await outcomes(async (seed) => {
      const { disk, file } = await open(seed)
      await file.write(bytes(1, 2), 0)
      await file.write(bytes(1, 3), 0)
      disk.crash()
      return String(sectorsOf(disk)[0])
    })
    expect([...found].sort()).toEqual(['1', '2', '3'])
  })

  test('garbage and zeros are found only where a write was under way', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 200; seed++) {
      const { disk, file } = await open(seed, { survivors: 'garbage' })
      await file.write(bytes(2, 2), SECTOR_BYTES + 100)
      disk.crash()
      const after = disk.bytesOf('/d/f') ?? new Uint8Array()
      const written = after.subarray(SECTOR_BYTES + 100, 3 * SECTOR_BYTES + 100)
      const around = [...after.subarray(0, SECTOR_BYTES + 100), ...after.subarray(1636)]
      expect(around.every((byte) => byte === 1)).toBe(true)
      const middle = written.subarray(412, 924)
      const one = new Set(middle).size === 1
      seen.add(one ? String(middle[0]) : 'noise')
    }
    expect([...seen].sort()).toEqual(['0', '1', '2', 'noise'])
  })

  test('nothing becomes durable by a sync that comes after a failed one', async () => {
    const { disk, file } = await open(1, { survivors: 'none' })
    await file.write(bytes(1, 2), 0)
    disk.failCall(disk.calls, 'EIO')
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
    await file.write(bytes(1, 3), SECTOR_BYTES)
    await file.sync()
    expect(sectorsOf(disk).slice(0, 3)).toEqual([2, 3, 1])
    disk.crash()
    expect(sectorsOf(disk).slice(0, 3)).toEqual([1, 3, 1])
  })

  test('what a failed sync covered never comes back over what was written and synced since', async () => {
    const found = await outcomes(async (seed) => {
      const { disk, file } = await open(seed)
      await file.write(bytes(2, 2), 0)
      disk.failCall(disk.calls, 'ENOSPC')
      await expect(file.sync()).rejects.toMatchObject({ code: 'ENOSPC' })
      await file.write(bytes(1, 3), 0)
      await file.sync()
      disk.crash()
      return sectorsOf(disk).slice(0, 2).join('')
    })
    expect([...found].sort()).toEqual(['31', '32'])
  })

  test('a write that the power cut short may be found', async () => {
    const found = await outcomes(async (seed) => {
      const { disk, file } = await open(seed)
      disk.cutPowerAt(disk.calls)
      await expect(file.write(bytes(1, 2), 0)).rejects.toMatchObject({ code: 'EIO' })
      disk.crash()
      return String(sectorsOf(disk)[0])
    })
    expect([...found].sort()).toEqual(['1', '2'])
  })
})

describe('of names that were not synced', () => {
  const sync = (disk: SimulatedDisk, path: string) => disk.directories.sync(path)

  test('each creation, rename and removal survives on its own', async () => {
    const found = await outcomes(async (seed) => {
      const { disk } = await open(seed, { names: 'random' })
      await disk.files.open('/d/renamed', 'create')
      await disk.files.open('/d/removed', 'create')
      await sync(disk, '/d')
      await disk.files.open('/d/made', 'create')
      await disk.files.rename('/d/renamed', '/d/other')
      await disk.files.remove('/d/removed')
      disk.crash()
      expect(disk.paths).toContain('/d/f')
      expect(disk.paths.includes('/d/renamed')).toBe(!disk.paths.includes('/d/other'))
      return ['made', 'other', 'removed'].filter((name) => disk.paths.includes(`/d/${name}`)).join()
    })
    expect(found.size).toBe(8)
  })

  test('a rename to another directory is there or not, until one of both is synced', async () => {
    const found = await outcomes(async (seed) => {
      const { disk } = await open(seed, { names: 'random' })
      await disk.directories.make('/e')
      await disk.files.rename('/d/f', '/e/f')
      disk.crash()
      return disk.paths.join()
    })
    expect([...found].sort()).toEqual(['/d/f', '/e/f'])
    for (const [synced, expected] of [
      ['/e', ['/d/f', '/e/f']],
      ['/d', []],
    ] as const) {
      const { disk } = await open(1, { names: 'none' })
      await disk.directories.make('/e')
      await disk.files.rename('/d/f', '/e/f')
      await sync(disk, synced)
      disk.crash()
      expect(disk.paths).toEqual(expected)
    }
  })

  test('a directory goes with all in it, if the test asks for that', async () => {
    for (const [lostDirectories, expected] of [
      [false, ['/d/f', '/g/h/i']],
      [true, []],
    ] as const) {
      const { disk } = await open(1, { lostDirectories })
      await disk.directories.make('/g/h')
      const file = await disk.files.open('/g/h/i', 'create')
      await file.sync()
      await sync(disk, '/g/h')
      await sync(disk, '/g')
      disk.crash()
      expect(disk.paths).toEqual(expected)
    }
  })

  test('a directory that was removed and made again stays', async () => {
    const { disk } = await open(1, { names: 'all' })
    await disk.directories.make('/g')
    await disk.files.remove('/g')
    await disk.directories.make('/g')
    disk.crash()
    expect(await disk.directories.list('/g')).toEqual([])
  })

  test('a directory that was removed and made again stays when its parent is synced then', async () => {
    const { disk } = await open(1, { names: 'none' })
    await disk.directories.make('/d/sub')
    await disk.files.remove('/d/sub')
    await disk.directories.make('/d/sub')
    await disk.directories.sync('/d')
    disk.crash()
    expect(await disk.directories.list('/d')).toContain('sub')
  })

  test('a directory whose parents were synced stays', async () => {
    const { disk } = await open(1, { lostDirectories: true })
    await disk.directories.make('/g/h')
    await disk.files.remove('/d/f')
    for (const path of ['/', '/g']) await sync(disk, path)
    disk.crash()
    expect(await disk.directories.list('/')).toEqual(['d', 'g'])
    expect(await disk.directories.list('/g')).toEqual(['h'])
    expect(disk.paths).toEqual(['/d/f'])
  })

  test('nothing becomes durable by a sync that comes after a failed one', async () => {
    const { disk } = await open(1, { names: 'none' })
    await disk.files.open('/d/lost', 'create')
    disk.failCall(disk.calls, 'EIO')
    await expect(sync(disk, '/d')).rejects.toMatchObject({ code: 'EIO' })
    await disk.files.open('/d/kept', 'create')
    await sync(disk, '/d')
    disk.crash()
    expect(disk.paths).toEqual(['/d/f', '/d/kept'])
  })
})

describe('a clone of the simulated disk', () => {
  test('holds what was written, and goes its own way', async () => {
    const { disk, file } = await open(1, { survivors: 'none', capacityBytes: 8192 })
    await file.write(bytes(1, 2), 0)
    await disk.files.open('/d/unsynced', 'create')
    const [all, none] = [disk.clone(new SeededRandom(2)), disk.clone(new SeededRandom(3))]
    await file.write(bytes(1, 3), 0)
    await file.sync()
    all.kill()
    none.crash()
    expect([all, none, disk].map((each) => sectorsOf(each)[0])).toEqual([2, 1, 3])
    expect([all.paths.length, none.paths.length]).toEqual([2, 1])
    const again = await all.files.open('/d/f', 'update')
    await again.write(bytes(1, 4), 0)
    expect(sectorsOf(disk)[0]).toBe(3)
    expect((await all.directories.space('/')).totalBytes).toBe(8192)
    all.crash()
    expect(sectorsOf(all)[0]).toBe(1)
  })

  test('knows a file that was renamed as one', async () => {
    const { disk } = await open(1, { names: 'none' })
    await disk.files.rename('/d/f', '/d/g')
    const clone = disk.clone(new SeededRandom(1))
    const file = await clone.files.open('/d/g', 'update')
    await file.write(bytes(8, 5), 0)
    await file.sync()
    clone.crash()
    expect(sectorsOf(clone)).toEqual(Array(8).fill(5))
  })

  test('has nothing open or locked, and no faults', async () => {
    const { disk } = await open(1)
    await disk.directories.lock('/d')
    disk.failCall(disk.calls, 'EIO')
    const clone = disk.clone(new SeededRandom(1))
    expect([clone.calls, clone.openHandles]).toEqual([disk.calls, 0])
    await clone.directories.lock('/d')
  })

  test('law: crashes as what it was cloned from would by the same chance', async () => {
    const step = fc.record({ position: fc.nat(4000), length: fc.nat(3000), sync: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(step, { maxLength: 12 }), async (seed, steps) => {
        const { disk, file } = await open(0)
        const random = new SeededRandom(seed)
        for (const [index, { position, length, sync }] of steps.entries()) {
          await file.write(new Uint8Array(length).fill(index + 2), position)
          if (sync) await file.sync()
        }
        const once = disk.clone(random)
        const twice = once.clone(new SeededRandom(seed))
        once.crash()
        twice.crash()
        expect(twice.bytesOf('/d/f')).toEqual(once.bytesOf('/d/f'))
      }),
    )
  })
})

test('a killed process leaves all that it wrote, and a power loss after it only what was synced', async () => {
  const { disk, file } = await open(1, { survivors: 'none' })
  const lock = await disk.directories.lock('/d')
  await file.write(bytes(1, 2), 0)
  disk.kill()
  lock[Symbol.dispose]()
  expect([sectorsOf(disk)[0], disk.openHandles]).toEqual([2, 0])
  await expect(file.size()).rejects.toMatchObject({ code: 'EIO' })
  await disk.directories.lock('/d')
  disk.crash()
  expect(sectorsOf(disk)[0]).toBe(1)
})
