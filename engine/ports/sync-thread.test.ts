import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { SyncThread } from './sync-thread.ts'

const files: number[] = []
function openFile(): number {
  const file = openSync(join(mkdtempSync(join(tmpdir(), 'headgate-sync-')), 'f'), 'wx+')
  files.push(file)
  return file
}

afterEach(() => {
  for (const file of files.splice(0)) closeSync(file)
})

/** Dies at the first request, so that one is under way and others wait. */
const MORTAL = `
  const words = new Int32Array(require('node:worker_threads').workerData)
  Atomics.wait(words, 0, 0)
  throw new Error('the thread broke')
`

const failing = (source: string) => (shared: SharedArrayBuffer) =>
  new Worker(source, { eval: true, workerData: shared, execArgv: [] })

describe('the sync thread', () => {
  test('answers each of many requests, the failed ones to who asked them', async () => {
    const thread = new SyncThread()
    thread.acquire()
    const unsyncable = openSync('/dev/null', 'r+')
    files.push(unsyncable)
    const requests = Array.from({ length: 20 }, (_, index) =>
      thread.sync(index % 3 === 1 ? unsyncable : openFile()),
    )
    const outcomes = await Promise.allSettled(requests)
    expect(outcomes.map(({ status }) => status)).toEqual(
      requests.map((_, index) => (index % 3 === 1 ? 'rejected' : 'fulfilled')),
    )
    await expect(requests[1]).rejects.toMatchObject({
      code: 'EINVAL',
      errno: -22,
      syscall: 'fdatasync',
    })
    thread.release()
  })

  test('that dies fails what is under way, and what waited goes to a new one', async () => {
    let started = 0
    const real = new SyncThread()
    real.acquire()
    const thread = new SyncThread((shared) => {
      started++
      return failing(MORTAL)(shared)
    })
    thread.acquire()
    const outcomes = await Promise.allSettled([thread.sync(openFile()), thread.sync(openFile())])
    expect(outcomes).toEqual([
      {
        status: 'rejected',
        reason: expect.objectContaining({ code: 'EIO', syscall: 'fdatasync' }),
      },
      { status: 'rejected', reason: expect.objectContaining({ code: 'EIO' }) },
    ])
    expect(outcomes[0]).toMatchObject({ reason: { cause: { message: 'the thread broke' } } })
    expect(started).toBe(2)
    await real.sync(openFile())
    for (const each of [real, thread]) each.release()
  })

  test('that cannot be started fails the sync, and the next one tries again', async () => {
    const thread = new SyncThread(() => {
      throw new Error('no more threads')
    })
    for (const _ of [1, 2]) {
      await expect(thread.sync(openFile())).rejects.toMatchObject({
        code: 'EIO',
        cause: { message: 'no more threads' },
      })
    }
  })

  test('ends with its last user, and comes back with the next one', async () => {
    const workers: Worker[] = []
    const thread = new SyncThread((shared) => {
      const worker = failing(`
        const words = new Int32Array(require('node:worker_threads').workerData)
        for (let seen = 0; ; ) {
          Atomics.wait(words, 0, seen)
          seen = Atomics.load(words, 0)
          if (Atomics.load(words, 2) === -1) break
          Atomics.store(words, 1, seen)
          Atomics.notify(words, 1)
        }
      `)(shared)
      workers.push(worker)
      return worker
    })
    for (const _ of [1, 2]) {
      thread.acquire()
      thread.acquire()
      await thread.sync(openFile())
      thread.release()
      await thread.sync(openFile())
      const worker = workers.at(-1)
      const ended = worker && once(worker, 'exit')
      worker?.ref()
      thread.release()
      expect(await ended).toEqual([0])
    }
    expect(workers.length).toBe(2)
  })
})
