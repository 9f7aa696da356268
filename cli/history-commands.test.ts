import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, until, up } from '../test/harness/headgate-process.ts'

let folder: string
let server: HeadgateProcess

const STREAM = (name: string, shards: number): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: ${name}}\nspec: {shards: ${shards}}\n`
const write = (text: string): void => writeFileSync(join(folder, 'all.yaml'), text)

/** Resolves once the server has looked at what was written. */
const lookAt = async (text: string): Promise<void> => {
  write(text)
  await run(['reconcile', 'local'])
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-history-'))
  write(`${STREAM('orders', 1)}---\n${STREAM('raw', 1)}`)
  server = await up({ folder, dataDirectory: join(folder, '.data') })
})
afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const run = (args: readonly string[]): ReturnType<typeof headgate> =>
  headgate([...args, '--server', server.url])

describe('the history of a source', () => {
  test('is listed, compared, rolled back and followed again', async () => {
    await lookAt(`${STREAM('orders', 2)}---\n${STREAM('raw', 1)}---\n${STREAM('new', 1)}`)
    const list = await run(['history'])
    expect(list.stdout).toMatch(
      /^REVISION .*\n2 .* change +applied .*1 create, 1 update\n1 .*2 create\n$/,
    )
    const one = await run(['history', 'local', '--revision', '2'])
    expect(one.stdout).toMatch(
      /^Revision 2 of local, .*: applied in .*caused by change; it declares 3 resources\.\n\n/,
    )
    expect(one.stdout).toContain('      spec.shards: 1 → 2\n')
    const between = await run(['diff', '1', '--exit-code'])
    expect([between.status, between.stdout]).toEqual([
      3,
      '  + Stream new\n  ~ Stream orders\n      spec.shards: 1 → 2\n\n2 resources differ between revision 1 and what is declared now.\n',
    ])
    const none = await run(['diff', '2', '--to', '2', '--exit-code'])
    expect([none.status, none.stdout]).toEqual([
      0,
      'No difference between revision 2 and revision 2.\n',
    ])

    const refused = await run(['rollback', '1'])
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('expected --yes')])
    const shown = await run(['rollback', '1', '--dry-run'])
    expect([shown.status, shown.stdout]).toEqual([
      0,
      '  - Stream new\n  ~ Stream orders\n      spec.shards: 2 → 1\n\n2 resources differ between what is declared now and revision 1.\n',
    ])
    const back = await run(['rollback', 'previous', '--reason', 'too slow', '--yes'])
    expect([back.status, back.stderr]).toEqual([
      0,
      expect.stringContaining('source local is held at revision 1'),
    ])
    expect((await run(['get', 'retained', '-o', 'name'])).stdout).toBe('retainedstream/new\n')
    const pinned = await run(['history', '--limit', '1'])
    expect(pinned.stderr).toMatch(/rolled back to revision 1 \d+s ago \(too slow\)/)
    expect(pinned.stdout).toMatch(/\n3 .* rollback /)
    const followed = await run(['resume', 'local'])
    expect(followed.stderr).toBe('Source local is no longer held at revision 1.\n')
    expect((await run(['get', 'stream', 'new'])).status).toBe(0)
  })

  test('tells why a resource is as it is', async () => {
    const { stdout } = await run(['why', 'stream', 'orders'])
    expect(stdout).toMatch(/^Stream orders is owned by source local, written at all\.yaml:1:1\.\n/)
    expect(stdout).toMatch(/\nIts last change was .* in revision \d of local, because /)
    expect(stdout).toContain('\nReady=True (Available): ')
    const json = await run(['why', 'stream/orders', '-o', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ owner: 'local', origin: { line: 1 } })
    const events = await run(['events', 'stream', 'new'])
    expect(events.stdout).toMatch(/^SEEN .*\n.*Normal +Created +stream\/new /)
    expect((await run(['describe', 'stream/new'])).stdout).toContain('\nEvents\n  SEEN ')
    expect((await run(['events', '-n', 'empty'])).stderr).toContain('Nothing happened lately')
  })
})

describe('what is suspended', () => {
  test('waits until it is resumed, and says so', async () => {
    const held = await run(['suspend', 'local', '--reason', 'freeze', '--until', '2h'])
    expect(held.stderr).toMatch(
      /^Source local is suspended until .*Z\. To go on: headgate resume local\n$/,
    )
    write(`${STREAM('orders', 3)}---\n${STREAM('raw', 1)}---\n${STREAM('new', 1)}`)
    const not = await run(['reconcile', 'local', '--wait', '--timeout', '1ms'])
    expect([not.status, not.stderr]).toEqual([
      1,
      expect.stringContaining('is not ready, Suspended: '),
    ])
    expect((await run(['plan'])).stdout).toContain('! update Stream orders  held back [Suspended]')
    expect((await run(['resume', 'source/local'])).stderr).toContain('is followed again')
    const ready = await run(['reconcile', 'local', '--wait'])
    expect([ready.status, ready.stderr]).toEqual([
      0,
      expect.stringMatching(/source local is Ready/),
    ])
    expect((await run(['resume', 'local'])).stderr).toBe(
      'Source local is not suspended, nor rolled back.\n',
    )
  })

  test('may be a single resource', async () => {
    await run(['suspend', 'stream', 'raw'])
    expect((await run(['get', 'stream', 'raw'])).stdout).toContain('Suspended')
    expect((await run(['resume', 'stream', 'raw'])).stderr).toContain(
      'stream/raw is followed again',
    )
    expect((await run(['resume', 'stream', 'raw'])).stderr).toBe('stream/raw is not suspended.\n')
  })
})

test('a watch prints what there is, and each change', async () => {
  const args = ['get', 'streams', '-w', '-o', 'name', '-l', 'app=x', '--server', server.url]
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args])
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  let shards = 3
  await until('the watch to print it twice', () => {
    shards += 1
    const labelled = STREAM('seen', shards).replace('}', ', labels: {app: x}}')
    write(`${STREAM('orders', 3)}---\n${STREAM('raw', 1)}---\n${STREAM('new', 1)}---\n${labelled}`)
    return /^(stream\/seen\n){2}/.test(printed) || undefined
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGINT')
  expect(await ended).toBe(0)
})

test.each([
  [['why', 'stream', 'nothing'], 1, 'Those that there are: headgate get streams'],
  [['suspend', 'stream', 'nothing'], 1, 'Those that there are: headgate get streams'],
  [['resume', 'nothing'], 1, 'The sources of this server are '],
  [['suspend', 'source/nothing'], 1, 'There is no source nothing.'],
  [['suspend', 'local', '--until', 'tomorrow'], 2, '--until: expected a time or a duration'],
  [['rollback', 'HEAD'], 2, 'expected the number of a revision, got "HEAD"'],
  [['rollback', '77'], 1, 'Source local has no revision 77.'],
  [['history', 'nowhere'], 1, 'There is no source nowhere.'],
  [['history', '3'], 1, 'headgate history --revision 3'],
  [['history', '--revision', 'x'], 2, '--revision: expected a whole number from 1, got "x"'],
  [['diff', '--source', 'nowhere'], 1, 'There is no source nowhere.'],
  [['reconcile', '--wait', '--timeout', '5'], 2, '--timeout: expected a duration, got "5"'],
])('%s is told what is wrong with it', async (args, exit, message) => {
  const { status, stderr } = await run(args)
  expect([status, stderr]).toEqual([exit, expect.stringContaining(message)])
})
