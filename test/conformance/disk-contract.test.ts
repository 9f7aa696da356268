/** The disk port: the real disk and the simulated one answer alike, failures included. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Disk, DiskFile } from '../../engine/ports/disk.ts'
import { realDisk } from '../../engine/ports/real-disk.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'

const DISKS: Readonly<Record<string, () => { disk: Disk; root: string }>> = {
  real: () => ({ disk: realDisk, root: mkdtempSync(join(tmpdir(), 'headgate-disk-')) }),
  simulated: () => ({ disk: new SimulatedDisk(new SeededRandom(1)), root: '/root' }),
}

const codeOf = (action: Promise<unknown>): Promise<unknown> =>
  action.then(
    () => 'resolved',
    (error: { code?: unknown }) => error.code,
  )

for (const [name, openDisk] of Object.entries(DISKS)) {
  describe(`the ${name} disk`, () => {
    let disk: Disk
    let root: string
    const at = (path: string): string => join(root, path)

    beforeEach(async () => {
      const opened = openDisk()
      disk = opened.disk
      root = opened.root
      await disk.directories.make(root)
    })

    async function fileOf(path: string, content: string): Promise<DiskFile> {
      const file = await disk.files.open(at(path), 'create')
      await writeAll(file, content, 0)
      return file
    }

    async function writeAll(file: DiskFile, content: string, position: number): Promise<void> {
      const bytes = Buffer.from(content)
      for (let done = 0; done < bytes.length; ) {
        done += await file.write(bytes.subarray(done), position + done)
      }
    }

    async function textOf(file: DiskFile): Promise<string> {
      const into = Buffer.alloc(await file.size())
      for (let done = 0; done < into.length; ) {
        done += await file.read(into.subarray(done), done)
      }
      return into.toString()
    }

    test('reads what was written, at its position, and nothing at the end', async () => {
      const file = await fileOf('a', 'hello world')
      await writeAll(file, 'W', 6)
      expect(await textOf(file)).toBe('hello World')
      expect(await file.size()).toBe(11)
      expect(await file.read(new Uint8Array(4), 11)).toBe(0)
      await file.sync()
      await file.close()
    })

    test('creates only what is not there, and opens only what is', async () => {
      await (await fileOf('a', 'x')).close()
      expect(await codeOf(disk.files.open(at('a'), 'create'))).toBe('EEXIST')
      expect(await codeOf(disk.files.open(at('b'), 'update'))).toBe('ENOENT')
      expect(await codeOf(disk.files.open(at('b'), 'read'))).toBe('ENOENT')
      const again = await disk.files.open(at('a'), 'read')
      expect(await textOf(again)).toBe('x')
      await again.close()
    })

    test('renames over what has the new name, and removes', async () => {
      await (await fileOf('old', 'old')).close()
      await (await fileOf('new', 'new')).close()
      await disk.files.rename(at('new'), at('old'))
      expect(await disk.directories.list(root)).toEqual(['old'])
      const file = await disk.files.open(at('old'), 'read')
      expect(await textOf(file)).toBe('new')
      await file.close()
      await disk.files.remove(at('old'))
      expect(await disk.directories.list(root)).toEqual([])
      expect(await codeOf(disk.files.remove(at('old')))).toBe('ENOENT')
    })

    test('makes a directory with its parents, once or twice', async () => {
      await disk.directories.make(at('x/y'))
      await disk.directories.make(at('x/y'))
      await (await fileOf('x/y/f', '')).close()
      expect(await disk.directories.list(at('x/y'))).toEqual(['f'])
      await disk.directories.sync(at('x/y'))
      expect(await codeOf(disk.directories.list(at('absent')))).toBe('ENOENT')
    })

    test('removes a directory that is empty, and no other', async () => {
      await disk.directories.make(at('x/y'))
      expect(await disk.directories.list(root)).toEqual(['x'])
      expect(await codeOf(disk.files.remove(at('x')))).toBe('ENOTEMPTY')
      await disk.files.remove(at('x/y'))
      expect(await disk.directories.list(at('x'))).toEqual([])
      await disk.files.remove(at('x'))
      expect(await disk.directories.list(root)).toEqual([])
    })

    test('makes, renames and opens nothing in a directory that is not there', async () => {
      await (await fileOf('a', 'x')).close()
      expect(await codeOf(disk.files.open(at('absent/a'), 'create'))).toBe('ENOENT')
      expect(await codeOf(disk.files.rename(at('a'), at('absent/a')))).toBe('ENOENT')
      expect(await codeOf(disk.files.rename(at('absent'), at('b')))).toBe('ENOENT')
      expect(await codeOf(disk.directories.sync(at('absent')))).toBe('ENOENT')
      expect(await codeOf(disk.directories.space(at('absent')))).toBe('ENOENT')
      expect(await disk.directories.list(root)).toEqual(['a'])
    })

    test('renames from one directory to another', async () => {
      await disk.directories.make(at('x'))
      await (await fileOf('a', 'text')).close()
      await disk.files.rename(at('a'), at('x/b'))
      expect([await disk.directories.list(root), await disk.directories.list(at('x'))]).toEqual([
        ['x'],
        ['b'],
      ])
      const file = await disk.files.open(at('x/b'), 'read')
      expect(await textOf(file)).toBe('text')
      await file.close()
    })

    test('writes, syncs and reads a journal file as any other', async () => {
      expect(await codeOf(disk.files.open(at('j'), 'journal'))).toBe('ENOENT')
      await (await fileOf('j', '0123456789')).close()
      const file = await disk.files.open(at('j'), 'journal')
      await writeAll(file, 'ab', 2)
      await writeAll(file, 'yz', 10)
      await Promise.all([file.sync(), file.sync()])
      expect([await textOf(file), await file.size()]).toEqual(['01ab456789yz', 12])
      expect(await file.write(new Uint8Array(0), 0)).toBe(0)
      await file.close()
      await file.close()
      expect(await codeOf(file.write(new Uint8Array(1), 0))).toBe('EBADF')
      expect(await codeOf(file.read(new Uint8Array(1), 0))).toBe('EBADF')
      expect(await codeOf(file.sync())).toBe('EBADF')
      expect(await codeOf(file.size())).toBe('EBADF')
    })

    test('tells how much room there is', async () => {
      const { freeBytes, totalBytes } = await disk.directories.space(root)
      expect(freeBytes).toBeGreaterThan(0)
      expect(totalBytes).toBeGreaterThanOrEqual(freeBytes)
    })

    test('leaves a gap that was not written as zeros', async () => {
      const file = await fileOf('a', 'x')
      await writeAll(file, 'y', 5000)
      expect(await textOf(file)).toBe(`x${'\0'.repeat(4999)}y`)
      await file.close()
    })

    test('keeps a file that is open readable after its removal', async () => {
      const file = await fileOf('a', 'text')
      await disk.files.remove(at('a'))
      expect(await textOf(file)).toBe('text')
      await file.close()
    })

    test('does nothing to a file that was closed, or opened to be read', async () => {
      const closed = await fileOf('a', 'x')
      await closed.close()
      await closed.close()
      expect(await codeOf(closed.read(new Uint8Array(1), 0))).toBe('EBADF')
      expect(await codeOf(closed.write(new Uint8Array(1), 0))).toBe('EBADF')
      expect(await codeOf(closed.sync())).toBe('EBADF')
      expect(await codeOf(closed.size())).toBe('EBADF')
      const readable = await disk.files.open(at('a'), 'read')
      expect(await codeOf(readable.write(new Uint8Array(1), 0))).toBe('EBADF')
      expect(await textOf(readable)).toBe('x')
      await readable.close()
    })

    test('locks a directory for one holder at a time', async () => {
      const lock = await disk.directories.lock(root)
      expect(await codeOf(disk.directories.lock(root))).toBe('DataDirectoryInUse')
      lock[Symbol.dispose]()
      const next = await disk.directories.lock(root)
      next[Symbol.dispose]()
      expect(await disk.directories.list(root)).toEqual(['lock.db'])
    })
  })
}
