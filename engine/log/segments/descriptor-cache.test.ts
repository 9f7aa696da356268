import { describe, expect, test } from 'vitest'
import type { DiskCallOptions } from '../../ports/disk-calls.ts'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { SimulatedDisk } from '../../ports/simulated-disk.ts'
import { DescriptorCache } from './descriptor-cache.ts'

const path = (index: number): string => `/data/file${index}`

async function diskWith(count: number, options: DiskCallOptions = {}): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(new SeededRandom(1), options)
  await disk.directories.make('/data')
  for (let index = 0; index < count; index++) {
    const file = await disk.files.open(path(index), 'create')
    await file.write(Buffer.from([index]), 0)
    await file.close()
  }
  return disk
}

async function firstByte(cache: DescriptorCache, index: number): Promise<number | undefined> {
  const into = Buffer.alloc(4)
  using lease = cache.lease(path(index))
  expect(await lease.read(into, 0)).toBe(1)
  return into[0]
}

describe('a descriptor cache', () => {
  test('opens a file once while it is in use often, and closes what was used least', async () => {
    const opened: string[] = []
    const disk = await diskWith(4, {
      intercept: (op, name) => void (op === 'open' && opened.push(name)),
    })
    const cache = new DescriptorCache(disk.files, 3)
    for (const index of [0, 1, 2, 0, 3, 0, 1]) expect(await firstByte(cache, index)).toBe(index)
    expect(opened).toEqual([0, 1, 2, 3, 1].map(path))
    expect(disk.openPaths.toSorted()).toEqual([0, 1, 3].map(path))
    await cache.close()
    expect(disk.openHandles).toBe(0)
    expect(cache.open).toBe(0)
  })

  test('keeps more open than its limit only while they are in use', async () => {
    const disk = await diskWith(10)
    const cache = new DescriptorCache(disk.files, 3)
    const leases = Array.from({ length: 10 }, (_, index) => cache.lease(path(index)))
    await Promise.all(leases.map((lease) => lease.read(Buffer.alloc(1), 0)))
    expect(disk.openHandles).toBe(10)
    for (const lease of leases) {
      lease[Symbol.dispose]()
      lease[Symbol.dispose]()
    }
    await cache.sync()
    expect(disk.openHandles).toBe(3)
    expect(cache.open).toBe(3)
    await cache.close()
  })

  test('makes room where the platform has no more, and fails only where all are in use', async () => {
    const disk = await diskWith(3)
    const cache = new DescriptorCache(disk.files, 100)
    expect(await firstByte(cache, 0)).toBe(0)
    disk.failCall(disk.calls, 'EMFILE')
    expect(await firstByte(cache, 1)).toBe(1)
    expect(disk.openPaths).toEqual([path(1)])
    using _held = cache.lease(path(1))
    disk.failCall(disk.calls, 'EMFILE')
    await expect(firstByte(cache, 2)).rejects.toMatchObject({ code: 'EMFILE' })
    expect(cache.open).toBe(1)
    expect(await firstByte(cache, 2)).toBe(2)
    await cache.close()
  })

  test('lets a reader go on with what it has when somebody writes, and leaks neither', async () => {
    const disk = await diskWith(1)
    const cache = new DescriptorCache(disk.files, 10)
    {
      using reader = cache.lease(path(0))
      await reader.read(Buffer.alloc(1), 0)
      using writer = cache.lease(path(0))
      disk.failCall(disk.calls, 'EIO')
      await expect(writer.write(Buffer.from([7]), 0)).rejects.toMatchObject({ code: 'EIO' })
      await writer.write(Buffer.from([7]), 0)
      const into = Buffer.alloc(1)
      await reader.read(into, 0)
      expect(into[0]).toBe(7)
    }
    await cache.sync()
    expect(disk.openHandles).toBe(1)
    await cache.close()
    expect(disk.openHandles).toBe(0)
  })

  test('syncs two files at once and no more, each once', async () => {
    const disk = await diskWith(6)
    let syncing = 0
    let most = 0
    const syncs: string[] = []
    const files = {
      ...disk.files,
      open: async (name: string, mode: 'create' | 'update' | 'read' | 'journal') => {
        const file = await disk.files.open(name, mode)
        const sync = async (): Promise<void> => {
          syncs.push(name)
          most = Math.max(most, ++syncing)
          for (let turns = 0; turns < 5; turns++) await Promise.resolve()
          await file.sync()
          syncing--
        }
        return {
          read: (into: Uint8Array, position: number) => file.read(into, position),
          write: (bytes: Uint8Array, position: number) => file.write(bytes, position),
          sync,
          size: () => file.size(),
          close: () => file.close(),
        }
      },
    }
    const cache = new DescriptorCache(files, 10)
    for (let index = 0; index < 6; index++) {
      using lease = cache.lease(path(index))
      await lease.write(Buffer.from([9]), 0)
    }
    await cache.sync()
    expect(most).toBe(2)
    expect(syncs.toSorted()).toEqual([0, 1, 2, 3, 4, 5].map(path))
    await cache.sync()
    expect(syncs).toHaveLength(6)
    await cache.close()
  })

  test('does not sync what it was told to forget, and opens the path anew', async () => {
    const disk = await diskWith(2)
    const cache = new DescriptorCache(disk.files, 10)
    using lease = cache.lease(path(0))
    await lease.write(Buffer.from([5]), 0)
    expect(cache.isLeased(path(0))).toBe(true)
    await cache.forget(path(0))
    expect(cache.isLeased(path(0))).toBe(false)
    await disk.files.rename(path(1), path(0))
    expect(await firstByte(cache, 0)).toBe(1)
    const into = Buffer.alloc(1)
    await lease.read(into, 0)
    expect(into[0]).toBe(5)
    const { calls } = disk
    await cache.sync()
    expect(disk.calls).toBe(calls)
    lease[Symbol.dispose]()
    await cache.close()
    expect(disk.openHandles).toBe(0)
  })
})
