import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, open, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { realDisk } from './real-disk.ts'

const root = (): string => mkdtempSync(join(tmpdir(), 'headgate-journal-'))
const POOL_THREADS = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)

async function journalIn(directory: string, name = 'j') {
  const path = join(directory, name)
  await (await realDisk.files.open(path, 'create')).close()
  return { path, file: await realDisk.files.open(path, 'journal') }
}

/** Opening a pipe that nobody writes waits, each in a thread of the pool. */
function blockPool(directory: string): { release(): Promise<void> } {
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  const opened = Array.from({ length: POOL_THREADS }, () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    open(pipe, 'r', (_, fd) => resolve(fd))
    return promise
  })
  return {
    release: async () => {
      // The open of both ends at once waits for nobody, and lets all who wait go on.
      const both = openSync(pipe, 'r+')
      for (const fd of await Promise.all(opened)) closeSync(fd)
      closeSync(both)
    },
  }
}

/** Runs a module in a process of its own, as one that must end by itself. */
function runModule(text: string) {
  const disk = pathToFileURL(join(import.meta.dirname, 'real-disk.ts')).href
  const source = `import { realDisk } from '${disk}'\n${text}`
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
}

describe('a journal file', () => {
  test('is written and synced while every thread of the pool is held up', async () => {
    const directory = root()
    const { file } = await journalIn(directory)
    const { file: other } = await journalIn(directory, 'other')
    const common = await realDisk.files.open(join(directory, 'j'), 'update')
    const pool = blockPool(directory)
    let poolAnswered = false
    const viaPool = common.sync().then(() => {
      poolAnswered = true
    })
    for (let turn = 0; turn < 3; turn++) {
      expect(await file.write(Buffer.from('text'), turn * 4)).toBe(4)
      await Promise.all([file.sync(), other.sync()])
    }
    expect(poolAnswered).toBe(false)
    await pool.release()
    await viaPool
    expect(await file.size()).toBe(12)
    await Promise.all([file, other, common].map((each) => each.close()))
  })

  test('says what the system said of a write and of a sync, and of the one that failed only', async () => {
    const { file } = await journalIn(root())
    const full = await realDisk.files.open('/dev/full', 'journal')
    await expect(full.write(Buffer.from('x'), 0)).rejects.toMatchObject({
      code: 'ENOSPC',
      syscall: 'write',
    })
    const outcomes = await Promise.allSettled([file.sync(), full.sync(), file.sync()])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await Promise.all([file.close(), full.close()])
  })

  test('is closed after the syncs that are under way', async () => {
    const { file } = await journalIn(root())
    const ended: string[] = []
    const syncs = Array.from({ length: 5 }, () => file.sync().then(() => ended.push('synced')))
    await file.close().then(() => ended.push('closed'))
    await Promise.all(syncs)
    expect(ended).toEqual([...Array(5).fill('synced'), 'closed'])
    await expect(file.sync()).rejects.toMatchObject({ code: 'EBADF' })
  })

  test('keeps a process alive for a sync, and not when it is idle', async () => {
    const { path, file } = await journalIn(root())
    await file.close()
    const { status, stdout, stderr } = runModule(`
      const file = await realDisk.files.open(${JSON.stringify(path)}, 'journal')
      await file.write(Buffer.from('x'), 0)
      await file.sync()
      void file.sync().then(() => process.stdout.write('synced'))
    `)
    expect([status, stdout, stderr]).toEqual([0, 'synced', ''])
  })
})
