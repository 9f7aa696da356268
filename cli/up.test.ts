import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../test/harness/headgate-process.ts'
import { readStream } from '../test/harness/native-client.ts'

const STREAM = (name: string): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata:\n  name: ${name}\nspec:\n  shards: 1\n`

const PIPELINE = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata:
  name: copy
spec:
  input:
    stream: {name: a}
  pipeline:
    processors:
      - mapping: root.copied = this.id
  output:
    stream: {name: b}
`

const pipelineOf = (name: string, spec: string): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: Pipeline\nmetadata:\n  name: ${name}\nspec:\n  ${spec}\n`

let root: string
let folder: string
let dataDirectory: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headgate-up-'))
  folder = join(root, 'config')
  dataDirectory = join(root, 'data')
  write('a.yaml', STREAM('a'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(name: string, text: string): void {
  const path = join(root, 'config', name)
  mkdirSync(join(root, 'config'), { recursive: true })
  writeFileSync(path, text)
}

const start = (...more: string[]): Promise<HeadgateProcess> =>
  up({
    folder,
    dataDirectory,
    workingDirectory: root,
    arguments: ['--prune-settle', '50ms', ...more],
  })

const run = (...given: string[]): ReturnType<typeof headgate> =>
  headgate([...given, '--data-dir', dataDirectory])

describe('headgate up', () => {
  test('converges an edit, a mistake, its repair and a removal, and says each in a line', async () => {
    await using server = await start()
    expect(server.stderr()).toContain('+ Stream a  (a.yaml)')
    expect(server.stderr()).toContain(`Headgate is running on ${server.url}`)
    write('b.yaml', STREAM('b'))
    await said(server, /✓ \d+ ms {2}\+ Stream b {2}\(b\.yaml\)/)
    write('b.yaml', STREAM('b').replace('shards', 'shads'))
    await said(
      server,
      'b.yaml:6:3: schema: there is no field shads in spec [FieldUnknown]\n6 |   shads: 1\n  |   ^^^^^',
    )
    await said(server, 'did you mean shards?')
    write('b.yaml', STREAM('b'))
    await said(server, '1 problem resolved')
    rmSync(join(folder, 'b.yaml'))
    await said(server, '- Stream b (data kept: headgate get retained)')
    expect(server.stdout()).toBe('')
    expect(await server.stop()).toBe(0)
  })

  test('holds back the removal of everything until the command that it prints was given', async () => {
    await using server = await start()
    rmSync(join(folder, 'a.yaml'))
    const command = await said(server, /headgate approve local ([0-9a-f]+)/)
    const digest = command[1] ?? ''
    const wrong = await run('approve', 'local', 'abc')
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('error: ')])
    const approved = await run('approve', 'local')
    expect(approved.stderr).toContain('retain Stream default/a')
    expect(approved.stderr).toContain(`approved ${digest} of local:`)
    await said(server, '- Stream a (data kept')
    const tail = await run('tail', 'a')
    expect([tail.status, tail.stderr]).toEqual([0, expect.stringContaining('a is retained')])
    const refused = await run('produce', 'a', '1')
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('is retained')])
    expect((await run('get', 'retained')).stdout).toMatch(/^NAME .*\na /)
    expect((await run('purge', 'a')).stderr).toBe('purged default/a\n')
    expect((await run('get', 'retained')).stderr).toContain('No retained streams found')
  })

  test('loses nothing when it is killed and started again', async () => {
    write('b.yaml', STREAM('b'))
    write('copy.yaml', PIPELINE)
    await using first = await start()
    expect((await run('produce', 'a', '{"id":1}', '{"id":2}')).status).toBe(0)
    await first.kill()
    const away = await run('get', 'streams')
    expect([away.status, away.stderr]).toEqual([1, expect.stringContaining('server.json names it')])
    expect(away.stderr).toContain(`process ${first.child.pid} is gone`)
    await using second = await start()
    expect((await run('produce', 'a', '{"id":3}')).stderr).toBe('1 record written to a\n')
    const copied = await run('tail', 'b', '--limit', '3')
    expect(copied.stdout).toBe('{"copied":1}\n{"copied":2}\n{"copied":3}\n')
    expect(await readStream(second.url, 'a')).toHaveLength(3)
    expect(second.stderr()).not.toContain('+ Stream a')
  })

  test('serves what it can of several sources, and says of each what is wrong', async () => {
    mkdirSync(join(root, 'other'))
    writeFileSync(join(root, 'other', 'c.yaml'), `${STREAM('c')}  shard: 1\n`)
    const config = join(root, 'headgate.yaml')
    const sources = ['other', 'missing'].map(
      (name) => `  - name: ${name}\n    directory: ./${name}\n`,
    )
    writeFileSync(config, `sources:\n${sources.join('')}`)
    await using server = await start()
    await said(server, 'source missing:\n')
    await said(server, /nothing of missing is removed for now: .*cannot be read/)
    await said(server, 'source other:\nc.yaml:7:3: schema: there is no field shard in spec')
    await said(server, '7 |   shard: 1')
    writeFileSync(join(root, 'other', 'a.yaml'), STREAM('a'))
    await said(server, /Stream a is held back: .*owned by source local, so source other cannot/)
    expect((await run('get', 'sources')).stdout).toMatch(
      /local +True .*\nmissing +False .*Incomplete.*\nother +False .*Invalid/,
    )
    mkdirSync(join(root, 'missing'))
    writeFileSync(join(root, 'missing', 'd.yaml'), STREAM('d'))
    await said(server, /source missing:\n✓ \d+ ms {2}\+ Stream d/)
    const nobody = await run('get', 'stream', 'nobody')
    expect([nobody.status, nobody.stderr]).toEqual([1, expect.stringContaining('get streams -A')])
    expect((await run('produce', 'd', '1')).status).toBe(0)
  })

  test('answers 503 while a pipeline is away, and ends at once at the second Ctrl-C', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const spec = 'input: {http_server: {}}\n  output: {stream: {name: a}}'
    write('endpoint.yaml', pipelineOf('endpoint', spec))
    const stuck = `input: {generate: {count: 1, mapping: root = "x"}}\n  output: {http_client: {url: "http://127.0.0.1:${port}"}}`
    write('stuck.yaml', pipelineOf('stuck', stuck))
    await using server = await start()
    const post = async (): Promise<number> =>
      (await fetch(`${server.url}/endpoint/post`, { method: 'POST', body: '1' })).status
    expect(await post()).toBe(200)
    write('endpoint.yaml', pipelineOf('endpoint', `paused: true\n  ${spec}`))
    await said(server, '~ Pipeline endpoint')
    expect(await post()).toBe(503)
    rmSync(join(folder, 'endpoint.yaml'))
    await said(server, '- Pipeline endpoint')
    expect(await post()).toBe(503)
    expect(await readStream(server.url, 'a')).toHaveLength(1)
    server.child.kill('SIGINT')
    await said(server, 'Ctrl-C again stops at once.')
    const gone = new Promise((resolve) => server.child.once('exit', resolve))
    server.child.kill('SIGINT')
    expect(await gone).toBe(130)
    silent.close()
  })

  test('names the data directory that another process holds, before any port', async () => {
    await using server = await start()
    const second = await headgate([
      'up',
      folder,
      '--data-dir',
      dataDirectory,
      '--listen',
      new URL(server.url).host,
    ])
    expect([second.status, second.stderr]).toEqual([1, expect.stringContaining(dataDirectory)])
    expect(second.stderr).toContain('Stop the other process, or choose another data directory.')
  })

  test('names the port that another process holds', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const result = await headgate([
      'up',
      folder,
      '--data-dir',
      dataDirectory,
      '--listen',
      `127.0.0.1:${port}`,
    ])
    taken.close()
    expect([result.status, result.stderr]).toEqual([
      1,
      expect.stringContaining(`127.0.0.1:${port} is in use by another process`),
    ])
  })

  const mistakes: readonly (readonly [string, string[], string])[] = [
    ['a folder that is not there', ['up', '/nowhere/at/all'], 'there is no folder /nowhere/at/all'],
    [
      'a bind that others can reach',
      ['up', '--listen', '0.0.0.0:4195'],
      'expected a loopback address',
    ],
    [
      'an address without a port',
      ['up', '--listen', 'localhost'],
      'expected HOST:PORT, got "localhost"',
    ],
    ['a settle that is no duration', ['up', '--prune-settle', '2'], 'expected a duration, got "2"'],
    [
      'a config file that is not there',
      ['up', '--config', '/no.yaml'],
      'there is no file /no.yaml',
    ],
    ['a source name with capitals', ['up', '--source', 'Local'], '--source: expected lower-case'],
  ]
  for (const [what, command, message] of mistakes) {
    test(`refuses ${what} as a usage error`, async () => {
      const result = await headgate([...command, '--data-dir', dataDirectory])
      expect([result.status, result.stdout]).toEqual([2, ''])
      expect(result.stderr).toContain(message)
    })
  }
})

/** Awaits a condition, not a time: the harness ends a test that waits for ever. */
async function said(server: HeadgateProcess, text: string | RegExp): Promise<RegExpExecArray> {
  const pattern = typeof text === 'string' ? new RegExp(escapeText(text)) : text
  for (;;) {
    const match = pattern.exec(server.stderr())
    if (match !== null) return match
    if (server.child.exitCode !== null) throw new Error(server.stderr())
    await new Promise((resolve) => server.child.stderr?.once('data', resolve))
  }
}

function escapeText(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
