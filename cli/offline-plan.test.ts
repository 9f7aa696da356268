import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../test/harness/headgate-process.ts'

let root: string
let folder: string
let data: string
let server: HeadgateProcess

const STREAM = (name: string, spec = ''): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: ${name}}\nspec: {${spec}}\n`
const SINK = `apiVersion: headgate.dev/v1alpha1
kind: Sink
metadata: {name: shop}
spec:
  from: {stream: orders}
  endpoint: {type: standard, url: "http://127.0.0.1:9/", headers: {authorization: "Bearer abc"}}
`
const CHANGED = `${STREAM('raw', 'shards: 2')}---\n${STREAM('orders')}---\n${STREAM('new')}---\n${SINK}`

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'headgate-offline-'))
  folder = join(root, 'config.yaml.d')
  data = join(root, 'data')
  mkdirSync(folder)
  const set = [STREAM('orders'), STREAM('raw'), STREAM('old', 'deletionPolicy: Delete'), SINK]
  writeFileSync(join(folder, 'all.yaml'), set.join('---\n'))
  server = await up({ folder, dataDirectory: data })
  await headgate(['produce', 'old', '{"n": 1}', '{"n": 2}', '--server', server.url])
})
afterAll(async () => {
  await server.kill()
  rmSync(root, { recursive: true, force: true })
})

const offline = (args: readonly string[], input?: string): ReturnType<typeof headgate> =>
  headgate(['plan', ...args, '--offline'], {
    workingDirectory: root,
    ...(input === undefined ? {} : { input }),
  })

/** Names, sizes and times of all files of the data directory. */
function filesOf(directory: string): readonly unknown[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return names.map((name) => [name, statSync(join(directory, name)).size])
}

const EXPECTED = [
  '+ create Stream new',
  '~ update Stream raw',
  'spec.shards: 1 → 2',
  '- delete Stream old',
  'destroys 2 records (84 B)',
]
const expectChanges = (text: string): void => {
  expect(EXPECTED.filter((line) => !text.includes(line))).toEqual([])
}

describe('a plan without a server', () => {
  test('is made from a directory that a server has open, as that server would make it', async () => {
    const same = await offline([folder, '--data-dir', data])
    expect([same.status, same.stdout]).toEqual([0, 'Nothing to change: 4 resources as declared.\n'])
    const online = await headgate(['plan', '-', '--server', server.url], { input: CHANGED })
    const { stdout } = await offline(['-', '--data-dir', data], CHANGED)
    const plain = (text: string): string => text.replace(/^ +(destroys|not read|read by).*\n/gm, '')
    expect(plain(stdout).replace(/Destroys.*\n/, '')).toBe(
      plain(online.stdout).replace(/Destroys.*\n/, ''),
    )
    expect(online.stdout).toContain('destroys 2 records')
  })

  test('is made from a backup, knows its records, and writes nothing', async () => {
    const backup = join(root, 'backup')
    await headgate(['backup', backup, '--data-dir', data])
    const before = filesOf(backup)
    const { stdout, status } = await offline(['-', '--data-dir', backup, '--exit-code'], CHANGED)
    expect(status).toBe(3)
    expectChanges(stdout)
    expect(filesOf(backup)).toEqual(before)
  })

  test('is made from what was live, with owners, records, and secrets that nobody saw', async () => {
    const live = await headgate(['get', 'all', '-A', '-o', 'json', '--server', server.url])
    writeFileSync(join(root, 'live.json'), live.stdout)
    expect(live.stdout).not.toContain('Bearer abc')
    const same = await offline([folder, '--snapshot', 'live.json'])
    expect(same.stdout).toBe('Nothing to change: 4 resources as declared.\n')
    const { stdout } = await offline(['-', '--snapshot', 'live.json'], CHANGED)
    expectChanges(stdout)
    const others = await offline(['-', '--snapshot', 'live.json', '--source', 'other'], CHANGED)
    expect(others.stdout).toContain('held back [Conflict]')
  })

  test('is made from an export, which is taken to be the source’s own', async () => {
    const live = await headgate(['export', '--server', server.url, 'streams'])
    writeFileSync(join(root, 'live.yaml'), live.stdout)
    const streams = [STREAM('orders'), STREAM('raw'), STREAM('old', 'deletionPolicy: Delete')]
    const same = await offline(['-', '--snapshot', 'live.yaml'], streams.join('---\n'))
    expect(same.stdout).toBe('Nothing to change: 3 resources as declared.\n')
  })

  test.each([
    [['--data-dir', '/nowhere', '-'], 'expected a data directory or a backup, got /nowhere'],
    [[], 'expected a folder: without a server none is known'],
    [['-', '--out', 'x.plan', '--data-dir', '/nowhere'], '--out: expected a plan of a server'],
  ])('%s is told what is wrong with it', async (args, message) => {
    const { status, stderr } = await offline(args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)])
  })

  test('refuses a snapshot that is none', async () => {
    writeFileSync(join(root, 'bad.json'), '{"items": [')
    const { status, stderr } = await offline(['-', '--snapshot', 'bad.json'])
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('bad.json: expected what was live'),
    ])
    const alone = await headgate(['plan', '-', '--snapshot', 'bad.json'])
    expect([alone.status, alone.stderr]).toEqual([
      2,
      expect.stringContaining('--snapshot: expected --offline beside it'),
    ])
  })
})
