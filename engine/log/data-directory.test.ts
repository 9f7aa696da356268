import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { RealDisk } from '../ports/real-disk.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { openDiskEngine } from './disk-engine.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headgate-data-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const open = (): Promise<Engine> =>
  openDiskEngine({
    directory,
    clock: new SimulatedClock(),
    random: new SeededRandom(1),
    disk: new RealDisk(),
  })

describe('the data directory', () => {
  test('is held by one engine, and free once it is closed', async () => {
    const engine = await open()
    await expect(open()).rejects.toMatchObject({
      code: 'DataDirectoryInUse',
      message: expect.stringContaining(directory),
    })
    await engine[Symbol.asyncDispose]()
    await (await open())[Symbol.asyncDispose]()
  })

  test('is refused to a second process, and free at once when the first is killed', async () => {
    const disk = new URL('../ports/real-disk.ts', import.meta.url).href
    const script = `const { realDisk } = await import(${JSON.stringify(disk)})
      globalThis.lock = await realDisk.directories.lock(${JSON.stringify(directory)})
      process.stdout.write('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await expect(open()).rejects.toMatchObject({ code: 'DataDirectoryInUse' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await open())[Symbol.asyncDispose]()
  })

  test('of a newer format is refused and left as it is', async () => {
    await (await open())[Symbol.asyncDispose]()
    const marker = join(directory, 'format.json')
    writeFileSync(marker, '{"format": 2}')
    const before = readdirSync(join(directory, 'journal'))
    await expect(open()).rejects.toMatchObject({ code: 'DataDirectoryUnusable' })
    expect(readFileSync(marker, 'utf8')).toBe('{"format": 2}')
    expect(readdirSync(join(directory, 'journal'))).toEqual(before)
  })

  test('with a journal and no marker is refused', async () => {
    await (await open())[Symbol.asyncDispose]()
    rmSync(join(directory, 'format.json'))
    await expect(open()).rejects.toMatchObject({ code: 'DataDirectoryUnusable' })
  })

  test('that cannot be made is refused with its name', async () => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    const refused = openDiskEngine({
      directory: join(file, 'data'),
      clock: new SimulatedClock(),
      random: new SeededRandom(1),
      disk: new RealDisk(),
    })
    await expect(refused).rejects.toMatchObject({
      code: 'DataDirectoryUnusable',
      message: expect.stringContaining(file),
    })
  })
})
