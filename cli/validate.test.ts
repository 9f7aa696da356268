import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { FILE_BYTES_MAX, FILE_DOCUMENTS_MAX } from '../controllers/sets/limits.ts'
import { headgate } from '../test/harness/headgate-process.ts'
import { validatePaths } from './validate-paths.ts'

const STREAM = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
`
const SINK = `apiVersion: headgate.dev/v1alpha1
kind: Sink
metadata: {name: archive}
spec:
  from: {stream: orders}
  endpoint:
    type: standard
    url: http://127.0.0.1:1/in
    headers:
      Authorization: {fromSecret: {name: nowhere, key: token}}
      X-Team: {fromEnv: HEADGATE_TEST_IS_NOT_SET}
      X-File: {fromFile: /does/not/exist}
`

/** There, and fails when it is read, for root too. */
const UNREADABLE = '/proc/self/mem'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-validate-'))
})

describe('headgate validate', () => {
  test('judges standard input, files and folders as one set', async () => {
    mkdirSync(join(folder, 'sinks'))
    writeFileSync(join(folder, 'sinks', 'sink.yaml'), SINK)
    const alone = await headgate(['validate', join(folder, 'sinks')])
    expect([alone.status, alone.stdout]).toEqual([1, expect.stringContaining('default/orders')])
    const both = await headgate(['validate', '-', join(folder, 'sinks')], { input: STREAM })
    expect([both.status, both.stderr.trim()]).toEqual([0, '2 resources in 2 files: no problems'])
  })

  test('takes a whole set from standard input, larger than any file may be', async () => {
    const padding = `# ${'x'.repeat(1_000)}\n`
    const documents = Array.from(
      { length: FILE_DOCUMENTS_MAX + 100 },
      (_, index) => `${padding}${STREAM.replace('orders', `orders-${index}`)}`,
    )
    const input = documents.join('---\n')
    expect(input.length).toBeGreaterThan(FILE_BYTES_MAX)
    const { status, stderr } = await headgate(['validate', '-'], { input })
    expect([status, stderr.trim()]).toEqual([0, '1,100 resources in 1 file: no problems'])
  })

  test('says what it passed over, and no more of it than a person reads', async () => {
    const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n'
    writeFileSync(join(folder, 'a.yaml'), STREAM)
    writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [a.yaml]\n')
    const few = await headgate(['validate', folder])
    expect([few.status, few.stderr.trim().split('\n')]).toEqual([
      0,
      [
        `${join(folder, 'kustomization.yaml')}: skipped, it is for kustomize`,
        '1 resource in 1 file: no problems',
      ],
    ])
    const many = await headgate(['validate', '-'], {
      input: [STREAM, ...Array.from({ length: 12 }, () => map)].join('---\n'),
    })
    expect(many.stderr.trim().split('\n').slice(-3)).toEqual([
      '(stdin):41: ignored v1 ConfigMap',
      'and 2 more that were passed over',
      '1 resource in 1 file: no problems',
    ])
  })

  test('reads JSON from standard input, and names it in its problems', async () => {
    const input = JSON.stringify({
      apiVersion: 'headgate.dev/v1alpha1',
      kind: 'Stream',
      metadata: { name: 'orders' },
      spec: { shards: 0 },
    })
    const { status, stdout } = await headgate(['validate', '-'], { input })
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^\(stdin\):1:101: schema: /)])
  })

  test('resolves no secret, asks no server and ends with 0 where only warnings are left', async () => {
    writeFileSync(join(folder, 'a.yaml'), `${STREAM}status: {}\n---\n${SINK}`)
    const { status, stdout, stderr } = await headgate(['validate', folder])
    expect(status).toBe(0)
    expect(stdout).toContain('warning: schema: status is set by the server')
    expect(stderr).toBe('2 resources in 1 file: 1 warning\n  headgate explain ServerField\n')
  })

  test('prints problems in file order, whatever the order of the arguments', async () => {
    for (const name of ['b', 'a', 'c']) {
      writeFileSync(
        join(folder, `${name}.yaml`),
        `${STREAM.replace('orders', name)}spec:\n  shards: 0\n  shard: 1\n`,
      )
    }
    const paths = ['c', 'a', 'b'].map((name) => join(folder, `${name}.yaml`))
    const { problems } = await validatePaths(paths)
    const places = problems.map(({ file, line }) => `${file.slice(-6, -5)}${line}`)
    expect(places).toEqual(['a5', 'a6', 'b5', 'b6', 'c5', 'c6'])
  })

  test('a file that is too long is refused without being read to its end', async () => {
    const path = join(folder, 'long.yaml')
    writeFileSync(path, Buffer.alloc(FILE_BYTES_MAX + 1, 'a'))
    const { problems } = await validatePaths([path])
    expect(problems.map(({ code }) => code)).toEqual(['LimitExceeded'])
  })

  test.runIf(existsSync(UNREADABLE))(
    'a file that cannot be read is a problem of that file, and hides no other',
    async () => {
      const wrong = join(folder, 'wrong.yaml')
      writeFileSync(wrong, `${STREAM}spec: {shards: 0}\n`)
      const { problems } = await validatePaths([UNREADABLE, wrong])
      expect(problems.map(({ code }) => code).sort()).toEqual(['FieldInvalid', 'SourceUnreadable'])
    },
  )

  test('ends with 2 for an output that it does not have', async () => {
    const { status, stderr } = await headgate(['validate', '-o', 'xml'])
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('text, json, sarif, junit, github'),
    ])
  })
})
