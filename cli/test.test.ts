import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { headgate } from '../test/harness/headgate-process.ts'

const TREE = join(import.meta.dirname, '../test/connect-tree')

const PIPELINES = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: one}
spec:
  input: {stdin: {}}
  pipeline: {processors: [{mapping: root = content().uppercase()}]}
  output: {stdout: {}}
  tests:
    - name: is loud
      input_batch: [{content: a}]
      output_batches: [[{content_equals: A}]]
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: two}
spec:
  input: {stdin: {}}
  pipeline: {processors: [{mapping: root.id = this.id}]}
  output: {stdout: {}}
  tests:
    - name: keeps all
      input_batch: [{json_content: {id: 1, name: x}}]
      output_batches:
        - - json_equals: {id: 1, name: x}
    - name: is no test
      input_batch: [{text: a}]
`

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-test-'))
})

describe('headgate test', () => {
  test('runs inline tests and those beside a config, with resources of other files', async () => {
    cpSync(TREE, folder, { recursive: true })
    const whole = await headgate(['test', `${folder}/...`, '-r', `${folder}/resources/*.yaml`])
    expect([whole.status, whole.stderr.trim()]).toEqual([0, '4 tests in 2 files: all passed'])
    const without = await headgate(['test', folder])
    expect([without.status, without.stdout]).toEqual([
      1,
      expect.stringContaining('Resources of other files are given beside the config.'),
    ])
  })

  test('runs those of each Pipeline of a file, and tells where what failed stands', async () => {
    const file = join(folder, 'pipelines.yaml')
    writeFileSync(file, PIPELINES)
    const { status, stdout, stderr } = await headgate(['test', file])
    expect([status, stderr.trim()]).toEqual([1, '3 tests in 1 file: 2 failed'])
    expect(stdout).toContain(
      `${file}:24:13: output_batches[0][0].json_equals: the document differs\n` +
        '        .name: expected "x", got nothing\n',
    )
    expect(stdout).toContain(`${file}:26:22: unknown field "text"`)
    expect(stdout).not.toContain('is loud')
  })

  test('runs whole pipelines on streams as they are declared beside them', async () => {
    const declared = (expected: string): string => `apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: order}
spec: {properties: [{id: number, type: Int64, key: 1}]}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: clean}
spec: {type: order}
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: clean}
spec:
  input: {http_server: {path: /orders}}
  output: {stream: {name: clean}}
  tests:
    - name: takes orders
      input_batches: [[{content: '{"number":1}'}], [{content: '{"number":"x"}'}]]
      outputs: {clean: [${expected}]}
      rejected: [{content_matches: x}]
`
    const file = join(folder, 'clean.yaml')
    writeFileSync(file, declared('{json_equals: {number: 1}}'))
    const passed = await headgate(['test', file])
    expect([passed.status, passed.stderr.trim()]).toEqual([0, '1 test in 1 file: all passed'])
    writeFileSync(file, declared('{json_equals: {number: 2}}'))
    const { status, stdout } = await headgate(['test', file])
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining(
        `${file}:20:26: outputs.clean[0].json_equals: the document differs\n        .number: expected 2, got 1\n`,
      ),
    ])
  })

  test('prints JSON and JUnit', async () => {
    const file = join(folder, 'pipelines.yaml')
    writeFileSync(file, PIPELINES)
    const json = JSON.parse((await headgate(['test', file, '-o', 'json'])).stdout)
    expect(json.files[0].tests.map((one: { name: string }) => one.name)).toEqual([
      'is loud',
      'keeps all',
      'the test is well-formed',
    ])
    const junit = (await headgate(['test', file, '-o', 'junit'])).stdout
    expect(junit).toContain('<testsuites name="headgate test" tests="3" failures="2">')
  })

  test('refuses a pattern that fits nothing, and says that there are no tests', async () => {
    const none = await headgate(['test', join(folder, '*.yaml')])
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('no file fits')])
    const empty = await headgate(['test', folder])
    expect([empty.status, empty.stderr]).toEqual([
      0,
      expect.stringContaining('no tests in 0 files'),
    ])
    writeFileSync(join(folder, 'gone_benthos_test.yaml'), 'tests: [{name: a, input_batch: []}]\n')
    const orphan = await headgate(['test', folder])
    expect([orphan.status, orphan.stdout]).toEqual([
      1,
      expect.stringMatching(/expected the config that it tests at .*gone\.yaml, got none/),
    ])
  })
})

describe('headgate test of templates', () => {
  const template = (expected: string): string => `name: shout
type: processor
mapping: |
  root.mapping = "root = content().uppercase()"
tests:
  - name: makes a mapping
    expected: {mapping: ${expected}}
`
  const config = `pipeline: {processors: [{shout: {}}]}
tests:
  - name: is loud
    input_batch: [{content: a}]
    output_batches: [[{content_equals: A}]]
`

  test('runs their own, and those of configs that use them', async () => {
    writeFileSync(join(folder, 'config.yaml'), config)
    writeFileSync(join(folder, 'shout.template.yaml'), template('root = content().uppercase()'))
    const beside = await headgate(['test', folder])
    expect([beside.status, beside.stderr.trim()]).toEqual([0, '2 tests in 2 files: all passed'])
    const alone = await headgate(['test', join(folder, 'config.yaml')])
    expect([alone.status, alone.stdout]).toEqual([
      1,
      expect.stringContaining('there is no processor named "shout"'),
    ])
    const given = await headgate(['test', join(folder, 'config.yaml'), '-t', folder])
    expect(given.status).toBe(0)
    expect((await headgate(['lint', folder])).status).toBe(0)
    writeFileSync(join(folder, 'shout.template.yaml'), template('other'))
    const { status, stdout } = await headgate(['test', folder])
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining('.mapping: expected "other", got "root = content().uppercase()"'),
    ])
  })
})
