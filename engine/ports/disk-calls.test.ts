/** How a test makes the simulated disk fail, and sees what was asked of it. */
import { describe, expect, test } from 'vitest'
import type { DiskCall, DiskFault, DiskOperation } from './disk-calls.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts'

async function open(options: SimulatedDiskOptions = {}, seed = 1) {
  const disk = new SimulatedDisk(new SeededRandom(seed), options)
  await disk.directories.make('/d')
  const file = await disk.files.open('/d/f', 'create')
  await file.write(new Uint8Array(2048).fill(1), 0)
  return { disk, file }
}

const code = (action: Promise<unknown>): Promise<unknown> =>
  action.then(
    () => 'done',
    (error: { code?: unknown }) => error.code,
  )

describe('a fault by number', () => {
  test('EMFILE opens nothing', async () => {
    const { disk } = await open()
    disk.failCall(disk.calls, 'EMFILE')
    expect(await code(disk.files.open('/d/g', 'create'))).toBe('EMFILE')
    expect([disk.openHandles, disk.paths]).toEqual([1, ['/d/f']])
  })

  test('a misdirected write answers well and lands somewhere else', async () => {
    const landed = new Set<string>()
    for (let seed = 0; seed < 50; seed++) {
      const { disk, file } = await open({}, seed)
      const other = await disk.files.open('/d/g', 'create')
      await other.write(new Uint8Array(2048).fill(2), 0)
      disk.failCall(disk.calls, 'misdirected')
      expect(await file.write(new Uint8Array(512).fill(9), 512)).toBe(512)
      for (const path of disk.paths) {
        const at = disk.bytesOf(path)?.indexOf(9) ?? -1
        if (at >= 0) landed.add(`${path} ${at}`)
      }
    }
    expect(landed).not.toContain('/d/f 512')
    expect(landed.size).toBeGreaterThan(3)
    expect([...landed].some((place) => place.startsWith('/d/g'))).toBe(true)
  })

  test('a misdirected read answers with what is somewhere else', async () => {
    const { disk, file } = await open()
    await file.write(new Uint8Array(512).fill(7), 512)
    disk.failCall(disk.calls, 'misdirected')
    const into = new Uint8Array(512)
    expect(await file.read(into, 512)).toBe(512)
    expect(into).not.toContain(7)
  })

  test('one bit is flipped of what is written, and of what is read only there', async () => {
    const bitsOf = (bytes: Uint8Array) =>
      bytes.reduce((sum, byte) => sum + byte.toString(2).split('1').length - 1, 0)
    const { disk, file } = await open()
    const mine = Buffer.alloc(100)
    disk.failCall(disk.calls, 'flipped')
    await file.write(mine, 0)
    expect([bitsOf(mine), bitsOf(disk.bytesOf('/d/f')?.subarray(0, 100) ?? mine)]).toEqual([0, 1])
    await file.write(mine, 0)
    disk.failCall(disk.calls, 'flipped')
    const into = new Uint8Array(100)
    await file.read(into, 0)
    expect(bitsOf(into)).toBe(1)
    await file.read(into, 0)
    expect(bitsOf(into)).toBe(0)
  })
})

describe('faults by rate', () => {
  async function failures(seed: number, faultKinds?: readonly DiskFault[]): Promise<string> {
    const { disk, file } = await open({ ...(faultKinds && { faultKinds }) }, seed)
    disk.faultRate = 0.3
    const seen: unknown[] = []
    for (let turn = 0; turn < 100; turn++) {
      seen.push(
        await code(
          file
            .write(new Uint8Array(10), 0)
            .then((n) => n === 5 && Promise.reject({ code: 'short' })),
        ),
      )
      seen.push(await code(file.sync()))
      seen.push(await code(disk.files.open('/d/f', 'read').then((opened) => opened.close())))
    }
    disk.faultRate = 0
    for (let turn = 0; turn < 100; turn++) expect(await code(file.sync())).toBe('done')
    return seen.join(' ')
  }

  test('come as the seed says, of the kinds that suit the call', async () => {
    const first = await failures(1)
    expect(await failures(1)).toBe(first)
    expect(await failures(2)).not.toBe(first)
    expect(new Set(first.split(' '))).toEqual(new Set(['done', 'EIO', 'ENOSPC', 'EMFILE', 'short']))
  })

  test('are of the kinds that the test names', async () => {
    expect(new Set((await failures(1, ['EMFILE'])).split(' '))).toEqual(new Set(['done', 'EMFILE']))
  })
})

describe('a disk of a certain size', () => {
  test('writes what there is room for, then nothing, and again once there is room', async () => {
    const { disk, file } = await open({ capacityBytes: 3000 })
    expect(await disk.directories.space('/d')).toEqual({ freeBytes: 952, totalBytes: 3000 })
    expect(await file.write(new Uint8Array(1000), 2048)).toBe(952)
    expect(await code(file.write(new Uint8Array(1), 3000))).toBe('ENOSPC')
    expect(await file.write(new Uint8Array(3000), 0)).toBe(3000)
    const other = await disk.files.open('/d/g', 'create')
    expect(await code(other.write(new Uint8Array(1), 0))).toBe('ENOSPC')
    expect((await disk.directories.space('/d')).freeBytes).toBe(0)
    // As long as it is open, a removed file takes room.
    await disk.files.remove('/d/f')
    expect(await code(other.write(new Uint8Array(1), 0))).toBe('ENOSPC')
    await file.close()
    expect(await other.write(new Uint8Array(1), 0)).toBe(1)
    expect((await disk.directories.space('/d')).freeBytes).toBe(2999)
  })

  test('overwrites up to its end what also reaches behind it', async () => {
    const { disk, file } = await open({ capacityBytes: 2048 })
    expect(await file.write(new Uint8Array(100).fill(5), 2000)).toBe(48)
    expect(disk.bytesOf('/d/f')?.length).toBe(2048)
  })
})

test('a trace lists every call, and openPaths who never closed', async () => {
  const trace: DiskCall[] = []
  const { disk, file } = await open({ trace })
  const other = await disk.files.open('/d/f', 'journal')
  await file.sync()
  await disk.directories.sync('/d')
  await disk.directories.space('/d')
  await file.close()
  expect(trace.map(({ call, op, path }) => `${call} ${op} ${path}`)).toEqual([
    '0 make /d',
    '1 create /d/f',
    '2 write /d/f',
    '3 open /d/f',
    '4 sync /d/f',
    '5 syncDirectory /d',
    '6 space /d',
  ])
  expect([disk.openPaths, disk.openHandles, disk.calls]).toEqual([['/d/f'], 1, 7])
  await other.close()
  expect(disk.openHandles).toBe(0)
})

describe('a test that intercepts', () => {
  const skipping =
    (...ops: readonly DiskOperation[]) =>
    (op: DiskOperation, path: string) =>
      ops.includes(op) && path !== '/d' ? ('skip' as const) : undefined

  test('has a sync, or one of a directory, answer well and do nothing', async () => {
    const { disk, file } = await open({
      survivors: 'none',
      intercept: (op) => (op === 'sync' ? 'skip' : undefined),
    })
    await file.sync()
    await disk.directories.sync('/d')
    disk.crash()
    expect(disk.bytesOf('/d/f')).toEqual(Buffer.alloc(0))
    const nameless = await open({
      intercept: (op) => (op === 'syncDirectory' ? 'skip' : undefined),
    })
    await nameless.disk.directories.sync('/d')
    nameless.disk.crash()
    expect(nameless.disk.paths).toEqual([])
  })

  test('has a write, a rename and a removal answer well and do nothing', async () => {
    const { disk, file } = await open({ intercept: skipping('write', 'rename', 'remove') })
    expect(await file.write(new Uint8Array(5), 0)).toBe(5)
    await disk.files.rename('/d/f', '/d/g')
    await disk.files.remove('/d/f')
    expect([disk.paths, disk.bytesOf('/d/f')?.length]).toEqual([['/d/f'], 0])
  })

  test('chooses a fault by what is asked of which file', async () => {
    const { disk, file } = await open({
      intercept: (op, path) => (op === 'sync' && path.endsWith('/f') ? 'EIO' : undefined),
    })
    const other = await disk.files.open('/d/g', 'create')
    expect([await code(file.sync()), await code(other.sync())]).toEqual(['EIO', 'done'])
  })

  test('takes a clone before each call, and so has every state that a crash could meet', async () => {
    const lengths: (number | undefined)[] = []
    let disk: SimulatedDisk | undefined
    const opened = await open({
      intercept: () => {
        lengths.push(disk?.clone(new SeededRandom(1)).bytesOf('/d/f')?.length)
        return undefined
      },
    })
    disk = opened.disk
    for (const _ of [1, 2, 3]) {
      await opened.file.write(new Uint8Array(1), disk.bytesOf('/d/f')?.length ?? 0)
      await opened.file.sync()
    }
    expect(lengths.slice(3)).toEqual([2048, 2049, 2049, 2050, 2050, 2051])
  })
})
