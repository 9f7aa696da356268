import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../test/harness/headgate-process.ts'
import { COMMANDS } from './commands.ts'
import { completions } from './completions.ts'

const SET = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: clean}
spec:
  input: {generate: {interval: 5ms, mapping: 'root = {"n": counter(), "name": " Ann "}'}}
  pipeline:
    threads: 1
    processors:
      - {label: tidy, mapping: 'root.name = this.name.trim()'}
      - {label: none, mapping: 'root = deleted()'}
  output: {drop: {}}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
---
apiVersion: headgate.dev/v1alpha1
kind: Sink
metadata: {name: away}
spec:
  from: {stream: orders}
  template: root = this.n
  endpoint: {type: standard, url: 'http://127.0.0.1:1/'}
`

let folder: string
let server: HeadgateProcess
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-tap-'))
  writeFileSync(join(folder, 'set.yaml'), SET)
  server = await up({ folder, dataDirectory: join(folder, '.data') })
})
afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const tap = (...args: readonly string[]): ReturnType<typeof headgate> =>
  headgate(['tap', ...args, '--server', server.url])

describe('headgate tap', () => {
  test('prints where one can look', async () => {
    const { status, stdout, stderr } = await tap('clean')
    expect([status, stdout]).toEqual([
      0,
      `LABEL   PATH                    COMPONENT
-       input                   input generate
tidy    pipeline.processors.0   processor mapping
none    pipeline.processors.1   processor mapping
-       output                  output drop
`,
    ])
    expect(stderr).toContain('headgate tap clean --at tidy')
  })

  test('prints records before and after, and what changed', async () => {
    const { status, stdout } = await tap('clean', '--at', 'tidy', '--limit', '2')
    expect(status).toBe(0)
    const [before, after, changes, ...rest] = stdout.split('\n')
    expect(before).toMatch(/^ {3}1 {2}before {2}\{"n":\d+,"name":" Ann "\}$/)
    expect(after).toBe('      after   {"name":"Ann"}')
    expect(changes).toMatch(/^ {14}n: gone, name: " Ann " → "Ann"$/)
    expect(rest[0]).toMatch(/^ {3}2 {2}before/)
  })

  test('prints lines of JSON, of one side, as a filter wants them', async () => {
    const filter = 'this.n % 2 == 0'
    const { stdout } = await tap(
      ...['clean', '--at', 'pipeline.processors.0', '--side', 'before'],
      ...['--limit', '3', '--sample', '0.9', '--filter', filter, '-o', 'json'],
    )
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { side: string; value: { n: number } })
    expect(records.map(({ side, value }) => [side, value.n % 2])).toEqual([
      ['before', 0],
      ['before', 0],
      ['before', 0],
    ])
  })

  test('says that nothing came of a record', async () => {
    const { stdout } = await tap('clean', '--at', 'none', '--limit', '1')
    expect(stdout).toMatch(/^ {3}1 {2}before {2}\{.*\}\n {6}after {3}\(nothing\)\n$/)
  })

  test('looks at sinks, which are pipelines, too', async () => {
    const looking = tap('sink/away', '--at', 'pipeline.processors.0', '--limit', '1')
    let looks = true
    const printed = looking.finally(() => {
      looks = false
    })
    while (looks) await headgate(['produce', 'orders', '{"n": 7}', '--server', server.url])
    expect((await printed).stdout).toContain('before  {"n": 7}\n      after   7\n')
  })

  test('suggests the label that was meant', async () => {
    const { status, stderr } = await tap('clean', '--at', 'tidi')
    expect(status).toBe(1)
    expect(stderr).toContain('expected the label or path of a component, got "tidi"')
    expect(stderr).toContain('Did you mean "tidy"?')
  })

  test.each([
    [['clean', '--at', 'tidy', '--sample', '2'], '--sample: expected a number above 0 and up to 1'],
    [['clean', '--at', 'tidy', '--limit', '0'], '--limit: expected a whole number from 1'],
    [['stream/orders'], 'expected a pipeline or a sink, got "stream/orders"'],
  ])('refuses %j', async (args, message) => {
    const { status, stderr } = await tap(...args)
    expect(status).toBe(2)
    expect(stderr).toContain(message)
  })

  test('completes the names of pipelines, of sinks behind their kind, and of components', async () => {
    const live = async (collection: string): Promise<readonly string[]> =>
      collection === 'pipelines' ? ['clean', 'copy'] : collection === 'sinks' ? ['away'] : []
    expect(await completions(['tap', 'c'], COMMANDS, live)).toEqual(['clean', 'copy'])
    expect(await completions(['tap', 'sink/'], COMMANDS, live)).toEqual(['sink/away'])
    const words = ['tap', 'clean', '--server', server.url, '--at', '']
    expect((await headgate(['complete', '--', ...words])).stdout.trim().split('\n')).toEqual([
      'input',
      'none',
      'output',
      'tidy',
    ])
    expect(await completions(['tap', 'clean', '--side', ''], COMMANDS, live)).toEqual([
      'after',
      'before',
      'both',
    ])
  })
})
