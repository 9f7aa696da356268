import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, until, up } from '../test/harness/headgate-process.ts'

const STREAMS = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
spec: {shards: 1}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: copied}
`
const pipeline = (rest = ''): string => `---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: copy}
spec:
  input: {stream: {name: orders}}
  output: {stream: {name: copied}}
${rest}`

let folder: string
/** Not watched. */
let beside: string
let server: HeadgateProcess

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-pipelines-reset-'))
  beside = mkdtempSync(join(tmpdir(), 'headgate-pipelines-reset-'))
  writeFileSync(join(folder, 'all.yaml'), STREAMS + pipeline())
  const settle = { arguments: ['--prune-settle', '10ms'] }
  server = await up({ folder, dataDirectory: join(folder, '.data'), ...settle })
  await run(['produce', 'orders', '1', '2', '3'])
  await copied(3)
})
afterAll(async () => {
  await server.kill()
  for (const one of [folder, beside]) rmSync(one, { recursive: true, force: true })
})

const run = (args: readonly string[]): ReturnType<typeof headgate> =>
  headgate([...args, '--server', server.url])

const reset = (...args: readonly string[]): ReturnType<typeof headgate> =>
  run(['pipelines', 'reset', 'copy', ...args])

const copied = (records: number): Promise<true> =>
  until(`${records} copied records`, async () => {
    const { stdout } = await run(['tail', 'copied', '--no-follow'])
    return stdout.trim().split('\n').length === records ? true : undefined
  })

describe('pipelines reset', () => {
  test('shows what it means, asks, and then reads again', async () => {
    const dry = await reset('--to', 'earliest', '--dry-run')
    expect(dry.status).toBe(0)
    expect(dry.stdout).toMatch(
      /^STREAM +SHARD +FROM +TO +READ AGAIN +SKIPPED +OLDEST\norders +0 +4 +1 +3 \(\d+ B\) +- +20/,
    )
    expect(dry.stdout).toContain('again: what it makes of them is written again.\n')
    expect(dry.stderr).toContain('Nothing was changed')
    const unasked = await reset('--to', 'earliest')
    expect([unasked.status, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')])
    await copied(3)
    const done = await reset('--to', 'earliest', '--yes')
    expect([done.status, done.stderr]).toEqual([
      0,
      expect.stringMatching(/reset pipeline copy: 3 records \(\d+ B\) are read again\./),
    ])
    await copied(6)
    const json = await reset('--to', '3', '--dry-run', '-o', 'json')
    expect(JSON.parse(json.stdout)).toMatchObject({ readAgain: { records: 1 }, dryRun: true })
    expect((await reset('--to', 'latest', '--yes')).stderr).toContain('Nothing to do')
  })

  test('says what is wrong with a command', async () => {
    expect(await reset()).toMatchObject({ status: 2, stderr: expect.stringContaining('--to') })
    expect((await reset('--to', 'noon')).stderr).toContain('for example 2026-01-31T08:00:00Z')
    expect((await reset('--to', '9')).stderr).toContain('a sequence from 1 to 4')
    expect(await reset('--to', 'earliest', '--shard', 'x')).toMatchObject({ status: 2 })
    const unknown = await run(['pipelines', 'reset', 'cpy', '--to', 'earliest'])
    expect([unknown.status, unknown.stderr]).toEqual([
      1,
      expect.stringContaining('Did you mean copy?'),
    ])
    const group = await run(['pipelines', 'reset', 'stream/orders', '--to', 'earliest'])
    expect([group.status, group.stderr]).toEqual([2, expect.stringContaining('sink/NAME')])
    const sink = await run(['pipelines', 'reset', 'sink/copy', '--to', 'earliest'])
    expect(sink.stderr).toContain('There is no Sink default/copy')
  })

  test('is planned when it is declared, and happens once', async () => {
    const next = join(beside, 'next.yaml')
    writeFileSync(next, STREAMS + pipeline('  reset: {id: one, to: earliest}\n'))
    const planned = await run(['plan', next])
    expect(planned.stdout).toMatch(
      /~ update Pipeline copy {2}\(disruptive\).*\n +spec\.reset: nothing → .*\n +reads 3 records \(\d+ B\) again, the oldest of 20/,
    )
    expect(planned.stdout).toMatch(/\nReads 3 records \(\d+ B\) again, in Pipeline copy\.\n/)
    const markdown = await run(['plan', next, '-o', 'markdown'])
    expect(markdown.stdout).toMatch(/> \[!WARNING\]\n> Reads 3 records \(\d+ B\) again/)
    const json = await run(['plan', next, '-o', 'json'])
    expect(JSON.parse(json.stdout).actions).toMatchObject([
      {
        risk: 'disruptive',
        cost: { records: 0, readAgain: { records: 3 }, skipped: { records: 0 } },
      },
    ])
    writeFileSync(
      join(folder, 'all.yaml'),
      STREAMS + pipeline('  reset: {id: one, to: earliest}\n'),
    )
    await copied(9)
    const { stdout } = await run(['get', 'pipeline', 'copy', '-o', 'json'])
    expect(JSON.parse(stdout).status.lastReset).toMatchObject({ id: 'one', readAgain: 3 })
    const why = await run(['why', 'pipeline', 'copy'])
    expect(why.stdout).toContain('spec.reset')
  })
})
