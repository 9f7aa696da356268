import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../test/harness/headgate-process.ts'

const CONFIG = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
`

let folder: string
let data: string
let server: HeadgateProcess

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'headgate-operators-'))
  folder = join(root, 'config')
  data = join(root, 'data')
  mkdirSync(folder)
  writeFileSync(join(folder, 'all.yaml'), CONFIG)
  server = await up({ folder, dataDirectory: data })
  await headgate(['produce', 'orders', '{"n": 1}', '{"n": 2}', '--server', server.url])
})
afterAll(async () => {
  await server.kill()
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

const beside = (name: string): string => join(folder, '..', name)

/** Of the first segment that lies in a data directory. */
function segmentOf(directory: string): string {
  const names = readdirSync(join(directory, 'streams'), { recursive: true, encoding: 'utf8' })
  const name = names.find((each) => each.endsWith('.segment')) ?? ''
  return join(directory, 'streams', name)
}

describe('a backup', () => {
  test('is made of a server that runs, verified, restored and run again', async () => {
    const made = await headgate(['backup', beside('monday'), '--data-dir', data])
    expect([made.status, made.stderr]).toEqual([0, expect.stringContaining('2 records')])
    expect(readdirSync(beside('monday'))).toContain('catalog.sqlite')
    const again = await headgate(['backup', beside('monday'), '--data-dir', data])
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('is empty, got')])
    const verified = await headgate(['verify', beside('monday')])
    expect([verified.status, verified.stdout]).toEqual([0, 'sound\n'])
    const restored = await headgate(['restore', beside('monday'), beside('restored')])
    expect([restored.status, restored.stderr]).toEqual([0, expect.stringContaining('verified')])
    const onto = await headgate(['restore', beside('monday'), data])
    expect([onto.status, onto.stderr]).toEqual([1, expect.stringContaining('is empty, got')])
    const second = await up({ folder, dataDirectory: beside('restored') })
    const { stdout } = await headgate(['tail', 'orders', '--no-follow', '--server', second.url])
    expect(stdout).toBe('{"n": 1}\n{"n": 2}\n')
    await second.kill()
  })

  test('is made of a directory that nobody has open', async () => {
    await headgate(['backup', beside('tuesday'), '--data-dir', data])
    await headgate(['restore', beside('tuesday'), beside('stopped')])
    const made = await headgate(['backup', beside('wednesday'), '--data-dir', beside('stopped')])
    expect([made.status, made.stderr]).toEqual([0, expect.stringContaining('2 records')])
    const none = await headgate(['backup', beside('never'), '--data-dir', beside('nothing')])
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('got nothing there')])
  })
})

describe('verify, dump and repair', () => {
  test('leave a directory alone that a server has open', async () => {
    for (const words of [['verify'], ['repair'], ['streams', 'dump']]) {
      const result = await headgate([...words, data])
      expect([result.status, result.stderr]).toEqual([
        1,
        expect.stringContaining('another process holds'),
      ])
    }
  })

  test('name damage, show what is around it, and give it up when told to', async () => {
    const damaged = beside('damaged')
    await headgate(['backup', beside('thursday'), '--data-dir', data])
    await headgate(['restore', beside('thursday'), damaged])
    const sound = await headgate(['streams', 'dump', damaged, '--records', '--limit', '1'])
    expect([sound.status, sound.stdout]).toEqual([0, expect.stringContaining('record 2: {"n": 2}')])
    const segment = segmentOf(damaged)
    const bytes = readFileSync(segment)
    bytes[4096 + 70] = 0xff
    writeFileSync(segment, bytes)
    const verified = await headgate(['verify', damaged, '-o', 'json'])
    expect(verified.status).toBe(1)
    const [finding] = (JSON.parse(verified.stdout) as { findings: unknown[] }).findings
    expect(finding).toMatchObject({ invariant: 'batch-body', path: segment, position: 4096 })
    expect((await headgate(['streams', 'dump', damaged])).stdout).toContain('DAMAGED')
    const planned = await headgate(['repair', damaged])
    expect(planned.stdout).toContain('  default/orders shard 0: sequences 1 to 2\n')
    expect((await headgate(['verify', damaged])).status).toBe(1)
    const repaired = await headgate(['repair', damaged, '--yes'])
    expect([repaired.status, repaired.stderr]).toEqual([0, expect.stringContaining('sound')])
    const [report = ''] = readdirSync(join(damaged, 'quarantine')).filter((name) =>
      name.startsWith('repair-'),
    )
    expect(readFileSync(join(damaged, 'quarantine', report), 'utf8')).toBe(planned.stdout)
    expect((await headgate(['verify', damaged])).stdout).toBe('sound\n')
    expect((await headgate(['repair', damaged])).stdout).toBe('nothing to give up\n')
  })

  test('say what is no data directory', async () => {
    mkdirSync(beside('empty'))
    const result = await headgate(['verify', beside('empty')])
    expect([result.status, result.stderr]).toEqual([1, expect.stringContaining('an empty one')])
  })
})

test('a server for one engine refuses the data of another, and an empty mount', async () => {
  const config = beside('headgate.yaml')
  writeFileSync(config, 'engine: {id: 0d137a78-d11c-4e39-858e-1d9aa1e02036}\n')
  await headgate(['backup', beside('friday'), '--data-dir', data])
  await headgate(['restore', beside('friday'), beside('other')])
  for (const [directory, got] of [
    [beside('other'), 'got that of'],
    [beside('mount'), 'got none'],
  ]) {
    const args = ['up', folder, '--data-dir', directory ?? '', '--config', config]
    const result = await headgate([...args, '--listen', '127.0.0.1:0'])
    expect([result.status, result.stderr]).toEqual([1, expect.stringContaining(got ?? '')])
  }
})
