import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { headgate } from '../test/harness/headgate-process.ts'

const BROKEN = `input:
  label: Bad Label
  stdin: {}
pipeline:
  processors:
    - label: a
      mapping: |
        root = this
        root.x = this.foo.upercase()
    - label: a
      bloblang: root = "\${HEADGATE_TEST_IS_NOT_SET}"
    - resource: nowhere
output:
  switch:
    retry_until_success: true
    cases: [{output: {reject: "no"}}]
extra: 1
`

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-lint-'))
})

async function lintsOf(
  name: string,
  text: string,
  ...options: readonly string[]
): Promise<readonly string[]> {
  const file = join(folder, name)
  writeFileSync(file, text)
  const { status, stdout } = await headgate(['lint', file, ...options])
  expect(status).toBe(stdout === '' ? 0 : 1)
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(file, ''))
}

describe('headgate lint', () => {
  test('tells every lint at its place, as Connect writes them', async () => {
    expect(await lintsOf('a.yaml', BROKEN)).toEqual([
      expect.stringMatching(/^\(2,10\) expected a label of small letters.*got "Bad Label"$/),
      '(9,27) unknown method `upercase`: did you mean "uppercase"?',
      expect.stringContaining('(10,14) the label a is taken by pipeline.processors.0'),
      expect.stringContaining('(11,17) required environment variable was not set: HEADGATE_TEST'),
      expect.stringContaining('(12,17) there is no entry '),
      expect.stringMatching(/^\(1[4-6],\d+\) .*reject/),
      '(17,1) field extra not recognised',
    ])
  })

  test('asks for labels, and for what is not deprecated, where it is told to', async () => {
    const text = 'pipeline: {processors: [{bloblang: root = this}]}\n'
    expect(await lintsOf('a.yaml', text)).toEqual([''])
    expect(await lintsOf('a.yaml', text, '--labels')).toEqual([
      expect.stringContaining('processor bloblang has no label'),
    ])
    expect(await lintsOf('a.yaml', text, '--deprecated')).toEqual([
      expect.stringContaining('processor bloblang is deprecated'),
    ])
  })

  test('lets a variable pass that has a default, and any where it is told to', async () => {
    const text = (reference: string) => `input: {file: {paths: ["\${${reference}}"]}}\n`
    expect(await lintsOf('a.yaml', text('HEADGATE_TEST_NOT_SET:x'))).toEqual([''])
    expect(await lintsOf('a.yaml', text('HEADGATE_TEST_NOT_SET:'))).toEqual([''])
    expect(await lintsOf('a.yaml', text('HEADGATE_TEST_NOT_SET'))).toHaveLength(1)
    expect(await lintsOf('a.yaml', text('HEADGATE_TEST_NOT_SET'), '--skip-env-var-check')).toEqual([
      '',
    ])
  })

  test('is silent where the first comment says so', async () => {
    expect(await lintsOf('a.yaml', `# BENTHOS LINT DISABLE\n${BROKEN}`)).toEqual([''])
    expect(await lintsOf('a.yaml', `# A note.\n\n# HEADGATE LINT DISABLE\n${BROKEN}`)).toEqual([''])
    expect(await lintsOf('a.yaml', `extra: 1\n# BENTHOS LINT DISABLE\n`)).toHaveLength(1)
  })

  test('judges the configs that a Markdown page shows, at their places on it', async () => {
    const page =
      '# Page\n\n```yaml\ninput:\n  stdn: {}\n```\n\n- a list\n  ```yml\n  output: {drp: {}}\n  ```\n\n```yaml\nservices: {}\n```\n\n```json\n{}\n```\n'
    expect(await lintsOf('page.md', page)).toEqual([
      expect.stringContaining('(5,3) unable to infer component type'),
      expect.stringContaining('(10,12) unable to infer component type'),
    ])
  })

  test('judges documents of ours and the tests of either, and finds resources of other files', async () => {
    const text = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: a}
spec:
  input: {stdin: {}}
  pipeline: {processors: [{resource: shared}]}
  output: {stdou: {}}
  tests: [{name: x, input_batc: []}]
`
    const resources = join(folder, 'shared.yaml')
    writeFileSync(resources, 'processor_resources: [{label: shared, noop: {}}]\n')
    expect(await lintsOf('a.yaml', text, '-r', resources)).toEqual([
      expect.stringContaining('(7,12) unable to infer component type'),
      '(8,21) field input_batc not recognised: did you mean "input_batch"?',
    ])
  })

  test('passes over what is no config in a folder, and not what somebody names', async () => {
    writeFileSync(join(folder, 'data.json'), '{"lines": []}')
    expect((await headgate(['lint', folder])).status).toBe(0)
    expect((await headgate(['lint', join(folder, 'data.json')])).status).toBe(1)
  })

  test('prints for programs', async () => {
    const file = join(folder, 'a.yaml')
    writeFileSync(file, 'extra: 1\n')
    const { problems } = JSON.parse((await headgate(['lint', file, '-o', 'json'])).stdout)
    expect(problems).toEqual([expect.objectContaining({ line: 1, column: 1, file })])
    expect((await headgate(['lint', file, '-o', 'github'])).stdout).toContain('::error file=')
  })
})
