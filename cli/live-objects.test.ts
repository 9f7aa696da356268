import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../test/harness/headgate-process.ts'

let folder: string
let server: HeadgateProcess

const STREAMS = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: orders
  labels:
    app: shop
spec:
  shards: 2
  retention:
    age: 36h
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: raw
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata:
  name: clean
spec:
  paused: true
  input: {stream: {name: raw}}
  pipeline:
    processors:
      - mapping: |
          root = this
          root.on = "no"
  output: {stream: {name: orders}}
`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-live-'))
  writeFileSync(join(folder, 'all.yaml'), STREAMS)
  server = await up({ folder, dataDirectory: join(folder, '.data') })
})
afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const run = (args: readonly string[], input?: string): ReturnType<typeof headgate> =>
  headgate([...args, '--server', server.url], input === undefined ? {} : { input })

describe('get', () => {
  test('takes KIND/NAME and several names, and prints names for other commands', async () => {
    const names = await run(['get', 'stream/orders', 'pipeline/clean', '-o', 'name'])
    expect(names.stdout).toBe('stream/orders\npipeline/clean\n')
    const two = await run(['get', 'streams', 'raw', 'orders'])
    expect(two.stdout).toMatch(/^NAME .*\nraw .*\norders /)
    const mixed = await run(['get', 'stream/orders', 'pipeline/clean'])
    expect(mixed.stdout).toMatch(/\nstream\/orders .*\n\nNAME .*\npipeline\/clean /)
  })

  test('shows wide where each is written, and whose it is', async () => {
    const { stdout } = await run(['get', 'streams', '-o', 'wide'])
    expect(stdout).toMatch(/SOURCE +ORIGIN .*\norders .*local +all\.yaml:1:1 /)
  })

  test.each([
    [['get', 'stream', 'stream/orders'], 'expected a name of stream, got "stream/orders"'],
    [['get', 'all', 'orders'], 'expected a kind before a name, got all'],
    [['get', 'stream', 'orders', '-A'], 'expected one namespace for a name'],
    [['get', 'stream', 'orders', '-l', 'app=shop'], 'expected either names or a selector'],
    [['get', 'sources', '-w'], 'sources cannot be watched'],
    [['describe', 'stream'], 'expected the name of one, got the kind "stream" alone'],
    [['describe', 'orders'], 'A kind stands before a name: stream orders, or stream/orders'],
    [['describe', 'stream/', 'x'], 'expected KIND/NAME, got "stream/"'],
  ])('%s is told what is wrong with it', async (args, message) => {
    const { status, stderr } = await run(args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})

describe('describe', () => {
  test('tells names, what it says, how it is', async () => {
    const { status, stdout } = await run(['describe', 'stream', 'orders'])
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^Name: +orders\nNamespace: +default\nKind: +Stream\nLabels: +app=shop\n/,
    )
    expect(stdout).toMatch(/Source: +local\nWritten at: +all\.yaml:1:1\nGeneration: +1\n/)
    expect(stdout).toContain('\nSpec\n  shards: 2\n')
    expect(stdout).toMatch(/\nConditions\n {2}TYPE .*\n {2}Ready +True +Available /)
  })
})

describe('export', () => {
  test('prints what a plan finds nothing to change in', async () => {
    const { stdout } = await run(['export', '--source', 'local'])
    expect(stdout).toMatch(
      /^apiVersion: headgate.dev\/v1alpha1\nkind: Stream\nmetadata:\n {2}name: orders\n/,
    )
    const planned = await run(['plan', '-', '--exit-code'], stdout)
    expect([planned.status, planned.stdout]).toEqual([
      0,
      'Nothing to change: 3 resources as declared.\n',
    ])
  })

  test('prints just what is named', async () => {
    const one = await run(['export', 'pipeline/clean'])
    expect(one.stdout.match(/^kind:.*$/gm)).toEqual(['kind: Pipeline'])
    const json = await run(['export', 'streams', '-o', 'json'])
    expect((JSON.parse(json.stdout) as { items: unknown[] }).items).toHaveLength(2)
    const none = await run(['export', '-n', 'empty'])
    expect([none.status, none.stdout, none.stderr]).toEqual([
      0,
      '',
      'Nothing is there to export.\n',
    ])
    const strange = await run(['export', 'sources'])
    expect([strange.status, strange.stderr]).toEqual([
      2,
      expect.stringContaining('sources cannot be declared'),
    ])
  })
})

describe('wait', () => {
  test('ends once a condition is so, and with 1 when it takes too long', async () => {
    const ready = await run(['wait', 'stream/orders', '--for', 'condition=ready'])
    expect([ready.status, ready.stderr]).toEqual([0, 'stream/orders has Ready=True (Available)\n'])
    const paused = await run([
      'wait',
      'stream',
      'orders',
      '--for=condition=Stalled',
      '--timeout',
      '1ms',
    ])
    expect([paused.status, paused.stderr]).toEqual([
      1,
      'error: waited 1ms: stream/orders has no condition Stalled\n',
    ])
    const calm = await run(['wait', 'stream', 'orders', '--for=condition=Stalled=False'])
    expect(calm.status).toBe(0)
  })

  test('waits until something is gone, or there', async () => {
    const gone = await run(['wait', 'stream/never', '--for', 'delete'])
    expect([gone.status, gone.stderr]).toEqual([0, 'stream/never is gone\n'])
    const away = await run(['wait', 'stream/never', '--timeout', '1ms'])
    expect([away.status, away.stderr]).toEqual([1, expect.stringContaining('is not there')])
    const still = await run(['wait', 'stream/raw', '--for', 'delete', '--timeout', '1ms'])
    expect([still.status, still.stderr]).toEqual([1, expect.stringContaining('is still there')])
  })

  test.each([
    [['wait', 'stream/raw', '--for', 'ready'], '--for: expected condition=TYPE or delete'],
    [['wait', 'stream/raw', '--timeout', '10'], '--timeout: expected a duration, got "10"'],
    [['wait', 'streams'], 'expected a name, got the kind "streams" alone'],
  ])('%s is told what is wrong with it', async (args, message) => {
    const { status, stderr } = await run(args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})
