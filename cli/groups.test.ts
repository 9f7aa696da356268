import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, until, up } from '../test/harness/headgate-process.ts'
import { shardsText } from './groups.ts'

const CONFIG = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
spec: {shards: 2}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: copied}
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: copy}
spec:
  input: {stream: {name: orders}}
  output: {stream: {name: copied}}
`
const OLD = `---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: old}
`

let folder: string
let server: HeadgateProcess

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-groups-'))
  writeFileSync(join(folder, 'all.yaml'), CONFIG + OLD)
  const settle = { arguments: ['--prune-settle', '10ms'] }
  server = await up({ folder, dataDirectory: join(folder, '.data'), ...settle })
  await run(['produce', 'orders', '--key', 'k', '1', '2', '3'])
  await run(['produce', 'old', '1'])
})
afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const run = (args: readonly string[]): ReturnType<typeof headgate> =>
  headgate([...args, '--server', server.url])

const copied = (records: number): Promise<true> =>
  until(`${records} copied records`, async () => {
    const { stdout } = await run(['tail', 'copied', '--no-follow'])
    return stdout.trim().split('\n').length === records ? true : undefined
  })

const reset = (...args: readonly string[]): ReturnType<typeof headgate> =>
  run(['groups', 'reset', 'pipeline.copy', '--stream', 'orders', ...args])

describe('groups', () => {
  test('are listed and described, with members and lag', async () => {
    await copied(3)
    const list = await run(['groups', 'list'])
    expect(list.stdout).toMatch(
      /^NAME +MEMBERS +STREAMS +LAG +BYTES +BEHIND\npipeline\.copy +1 +orders +0 +0 B +0s\n$/,
    )
    const all = await run(['groups', 'list', '-A', '-o', 'json'])
    expect(JSON.parse(all.stdout)).toMatchObject({ items: [{ kind: 'ConsumerGroup' }] })
    const described = await run(['groups', 'describe', 'pipeline.copy'])
    expect(described.stdout).toContain('Lag:          0 records, 0 B, 0s\n')
    expect(described.stdout).toMatch(/\ndefault\/copy\/\S+ +orders +0-1 /)
    expect(described.stdout).toMatch(/\norders +[01] +4 +4 +0 +0 B +0s +default\/copy\//)
    const yaml = await run(['groups', 'describe', 'pipeline.copy', '-o', 'yaml'])
    expect(yaml.stdout).toMatch(/^apiVersion: headgate.dev\/v1alpha1\nkind: ConsumerGroup\n/)
    expect((await run(['groups', 'list', '-n', 'eu'])).stderr).toContain('in the namespace eu')
  })

  test('are moved with force while members live, and then read again', async () => {
    await copied(3)
    const dry = await reset('--to', 'earliest', '--dry-run')
    expect([dry.status, dry.stdout]).toEqual([0, expect.stringMatching(/^SHARD +FROM +TO\n0 +/)])
    expect(dry.stderr).toContain('dry run')
    const refused = await reset('--to', 'earliest')
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('--force')])
    expect((await reset('--to', 'earliest', '--force')).stderr).toContain('reset pipeline.copy')
    await copied(6)
  })

  test('tell what is wrong with a command', async () => {
    const unknown = await run(['groups', 'describe', 'pipeline.copi'])
    expect([unknown.status, unknown.stderr]).toEqual([
      1,
      expect.stringContaining('Did you mean pipeline.copy?'),
    ])
    expect((await reset('--to', 'noon')).stderr).toContain('for example 2026-01-31T08:00:00Z')
    expect(await reset()).toMatchObject({ status: 2, stderr: expect.stringContaining('--to') })
    expect(await reset('--to', 'latest', '--shard', 'x')).toMatchObject({ status: 2 })
    expect((await reset('--to', 'latest', '--shard', '7')).stderr).toContain('shards 0 to 1')
    const word = await run(['groups', 'lst'])
    expect([word.status, word.stderr]).toEqual([2, expect.stringContaining('Did you mean list?')])
    expect((await headgate(['groups'])).status).toBe(2)
    expect((await headgate(['groups', 'reset', '--help'])).stdout).toContain('--dry-run')
  })
})

test('streams are listed with what they hold, retained ones too', async () => {
  writeFileSync(join(folder, 'all.yaml'), CONFIG)
  const { stdout } = await until('the stream to be sealed', async () => {
    const list = await run(['streams', 'list'])
    return list.stdout.includes('sealed') ? list : undefined
  })
  expect(stdout).toMatch(
    /^NAME +SHARDS +RECORDS +BYTES +RECORDS\/S +BYTES\/S +OLDEST +OWNER +STATE\n/,
  )
  expect(stdout).toMatch(/\nold +1 +1 +\d+ B .* local +sealed\n/)
  expect(stdout).toMatch(/\norders +2 +3 +\d+ B .* \d+s +local +open\n/)
})

test('shards in a row are written as a range', () => {
  expect(shardsText([])).toBe('')
  expect(shardsText([0, 1, 2, 5, 7, 8])).toBe('0-2, 5, 7-8')
})
