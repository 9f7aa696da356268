import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Disk, DiskFile } from './disk.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const SECTOR_BYTES = 512

const open = (seed = 1) => new SimulatedDisk(new SeededRandom(seed))
const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill)

async function create(disk: Disk, path: string): Promise<DiskFile> {
  await disk.directories.make('/d')
  return disk.files.open(path, 'create')
}

async function createDurably(disk: Disk, path: string, content: Uint8Array): Promise<DiskFile> {
  const file = await create(disk, path)
  await file.write(content, 0)
  await file.sync()
  await disk.directories.sync('/d')
  return file
}

describe('a crash of the simulated disk', () => {
  test('keeps every byte that was synced', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.uint8Array({ maxLength: 3000 }), async (seed, content) => {
        const disk = open(seed)
        const file = await createDurably(disk, '/d/f', content)
        await file.write(bytes(3000, 7), content.length)
        disk.crash()
        const kept = disk.bytesOf('/d/f') ?? new Uint8Array()
        expect(Buffer.from(kept.subarray(0, content.length)).equals(content)).toBe(true)
      }),
    )
  })

  test('keeps of what was not synced whole sectors, or nothing of them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.nat(2 * SECTOR_BYTES),
        fc.integer({ min: 1, max: 5 * SECTOR_BYTES }),
        async (seed, position, length) => {
          const disk = open(seed)
          const file = await createDurably(disk, '/d/f', bytes(10 * SECTOR_BYTES, 1))
          await file.write(bytes(length, 2), position)
          disk.crash()
          const after = disk.bytesOf('/d/f') ?? new Uint8Array()
          for (let start = 0; start < after.length; start += SECTOR_BYTES) {
            const from = Math.max(start, position)
            const to = Math.min(start + SECTOR_BYTES, position + length)
            const sector = after.subarray(from, Math.max(from, to))
            expect(new Set(sector).size).toBeLessThanOrEqual(1)
          }
          const outside = [...after.subarray(0, position), ...after.subarray(position + length)]
          expect(outside.every((byte) => byte === 1)).toBe(true)
        },
      ),
    )
  })

  test('tears a write in the middle, by some seed', async () => {
    const torn = await Promise.all(
      Array.from({ length: 20 }, async (_, seed) => {
        const disk = open(seed)
        const file = await createDurably(disk, '/d/f', bytes(4 * SECTOR_BYTES, 1))
        await file.write(bytes(4 * SECTOR_BYTES, 2), 0)
        disk.crash()
        return new Set(disk.bytesOf('/d/f')).size === 2
      }),
    )
    expect(torn).toContain(true)
    expect(torn).toContain(false)
  })

  test('forgets names that no sync of their directory covered', async () => {
    const disk = open()
    await createDurably(disk, '/d/kept', bytes(1, 1))
    await createDurably(disk, '/d/renamed', bytes(1, 2))
    await createDurably(disk, '/d/removed', bytes(1, 3))
    const created = await disk.files.open('/d/created', 'create')
    await created.write(bytes(1, 4), 0)
    await created.sync()
    await disk.files.rename('/d/renamed', '/d/other')
    await disk.files.remove('/d/removed')
    expect([...disk.paths].sort()).toEqual(['/d/created', '/d/kept', '/d/other'])
    disk.crash()
    expect([...disk.paths].sort()).toEqual(['/d/kept', '/d/removed', '/d/renamed'])
    expect(disk.bytesOf('/d/renamed')).toEqual(Buffer.of(2))
  })

  test('keeps names that a sync of their directory covered', async () => {
    const disk = open()
    await createDurably(disk, '/d/renamed', bytes(1, 2))
    await createDurably(disk, '/d/removed', bytes(1, 3))
    await createDurably(disk, '/d/replaced', bytes(1, 4))
    await disk.files.rename('/d/renamed', '/d/replaced')
    await disk.files.remove('/d/removed')
    await disk.directories.sync('/d')
    disk.crash()
    expect(disk.paths).toEqual(['/d/replaced'])
    expect(disk.bytesOf('/d/replaced')).toEqual(Buffer.of(2))
  })

  test('ends handles, locks, faults and power cuts', async () => {
    const disk = open()
    const file = await createDurably(disk, '/d/f', bytes(1, 1))
    await disk.directories.lock('/d')
    await expect(disk.directories.lock('/d')).rejects.toMatchObject({ code: 'DataDirectoryInUse' })
    disk.failCall(disk.calls, 'EIO')
    disk.cutPowerAt(disk.calls + 1)
    disk.crash()
    await expect(file.size()).rejects.toMatchObject({ code: 'EIO' })
    await disk.directories.lock('/d')
    expect(await (await disk.files.open('/d/f', 'read')).size()).toBe(1)
  })
})

describe('the simulated disk', () => {
  test('opens as it is asked, and refuses what is or is not there', async () => {
    const disk = open()
    const file = await create(disk, '/d/f')
    await expect(disk.files.open('/d/f', 'create')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(disk.files.open('/d/g', 'read')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.files.open('/d/g', 'update')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.files.remove('/d/g')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.files.rename('/d/g', '/d/h')).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await disk.directories.list('/d')).toEqual(['f'])
    await file.write(bytes(2, 9), 1)
    const into = bytes(9, 5)
    expect(await file.read(into, 0)).toBe(3)
    expect([...into.subarray(0, 4)]).toEqual([0, 9, 9, 5])
    expect(await file.read(into, 3)).toBe(0)
  })

  test('lets the caller use its buffer again', async () => {
    const disk = open()
    const mine = bytes(5000, 1)
    const file = await createDurably(disk, '/d/f', mine)
    await file.write(mine, 5000)
    mine.fill(2)
    expect(disk.bytesOf('/d/f')).toEqual(Buffer.alloc(10_000, 1))
    await file.sync()
    disk.crash()
    expect(disk.bytesOf('/d/f')).toEqual(Buffer.alloc(10_000, 1))
  })

  test('fails the call that it was told to fail, and no other', async () => {
    for (const fault of ['EIO', 'ENOSPC'] as const) {
      const disk = open()
      const file = await create(disk, '/d/f')
      disk.failCall(disk.calls + 1, fault)
      await file.write(bytes(1, 1), 0)
      await expect(file.write(bytes(1, 2), 1)).rejects.toMatchObject({ code: fault })
      expect(disk.bytesOf('/d/f')).toEqual(Buffer.of(1))
      await file.write(bytes(1, 3), 1)
      expect(disk.bytesOf('/d/f')).toEqual(Buffer.of(1, 3))
    }
  })

  test('cuts a write short when it was told to', async () => {
    const disk = open()
    const file = await create(disk, '/d/f')
    disk.failCall(disk.calls, 'short')
    expect(await file.write(bytes(5, 1), 0)).toBe(3)
    expect(disk.bytesOf('/d/f')?.length).toBe(3)
  })

  test('takes nothing more while it is full, but lets what is there be written over', async () => {
    const disk = open()
    const file = await create(disk, '/d/f')
    await file.write(bytes(2, 1), 0)
    disk.full = true
    await expect(file.write(bytes(2, 2), 1)).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(disk.files.open('/d/g', 'create')).rejects.toMatchObject({ code: 'ENOSPC' })
    await file.write(bytes(1, 3), 1)
    expect([disk.bytesOf('/d/f'), disk.paths]).toEqual([Buffer.of(1, 3), ['/d/f']])
    disk.full = false
    await file.write(bytes(2, 2), 1)
    expect(disk.bytesOf('/d/f')).toEqual(Buffer.of(1, 2, 2))
  })

  test('fails every call once the power is cut', async () => {
    const disk = open()
    const file = await create(disk, '/d/f')
    disk.cutPowerAt(disk.calls + 1)
    await file.write(bytes(1, 1), 0)
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
    await expect(disk.directories.list('/d')).rejects.toMatchObject({ code: 'EIO' })
  })

  test('syncs what was written before the sync began, once it ends', async () => {
    for (const ended of [true, false]) {
      const disk = open()
      const file = await createDurably(disk, '/d/f', bytes(1, 1))
      await file.write(bytes(SECTOR_BYTES, 2), SECTOR_BYTES)
      const release = disk.holdSyncs()
      const sync = file.sync()
      await file.write(bytes(200 * SECTOR_BYTES, 3), 2 * SECTOR_BYTES)
      if (ended) release()
      const outcome = Promise.allSettled([sync])
      if (ended) await outcome
      disk.crash()
      release()
      const [{ status } = { status: 'none' }] = await outcome
      expect(status).toBe(ended ? 'fulfilled' : 'rejected')
      const after = disk.bytesOf('/d/f') ?? Buffer.alloc(0)
      if (ended) expect(after[SECTOR_BYTES]).toBe(2)
      expect(after.filter((byte) => byte === 3).length).toBeLessThan(200 * SECTOR_BYTES)
    }
  })

  test('flips bits of what is there and of what is durable', async () => {
    const disk = open()
    await createDurably(disk, '/d/f', bytes(2, 1))
    disk.rot('/d/f', 1, 0b10)
    disk.rot('/d/f', 99)
    expect(disk.bytesOf('/d/f')).toEqual(Buffer.of(1, 3))
    disk.crash()
    expect(disk.bytesOf('/d/f')).toEqual(Buffer.of(1, 3))
  })
})
