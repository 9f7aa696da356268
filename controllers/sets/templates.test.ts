import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../engine/pipelines/inspect-pipeline.ts'
import { FileCache } from './file-cache.ts'
import type { ResourceSet } from './resource-set.ts'
import { inspectorOf, readTexts } from './testing.ts'

const TEMPLATE = `name: shout
type: processor
fields:
  - {name: mark, type: string, default: "!"}
mapping: |
  root.mapping = "root = content().uppercase() + \\"%s\\"".format(this.mark)
`
const PIPELINE = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: loud}
spec:
  input: {stdin: {}}
  pipeline: {processors: [{shout: {mark: "?"}}]}
  output: {stdout: {}}
`

function cacheOfSets(): FileCache {
  return new FileCache({ ...inspectorOf(), pipeline: (config) => inspectPipeline(config) })
}

function said({ problems }: ResourceSet): readonly string[] {
  return problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)
}

function specs({ members }: ResourceSet): readonly unknown[] {
  return [...members.values()].map((member) =>
    member.state === 'invalid' ? 'invalid' : member.resource.spec,
  )
}

describe('templates of a source', () => {
  test('stand in its pipelines as what they make, and so in their digests', async () => {
    const cache = cacheOfSets()
    const first = await readTexts({ 'a.yaml': PIPELINE, 'x.template.yaml': TEMPLATE }, { cache })
    expect(said(first)).toEqual([])
    expect(specs(first)).toEqual([
      expect.objectContaining({
        pipeline: { processors: [{ mapping: 'root = content().uppercase() + "?"' }] },
      }),
    ])
    const louder = TEMPLATE.replace('uppercase', 'capitalize')
    const second = await readTexts({ 'a.yaml': PIPELINE, 'x.template.yaml': louder }, { cache })
    expect(JSON.stringify(specs(second))).toContain('capitalize')
    expect(second.digest).not.toBe(first.digest)
  })

  test('that go or break leave a pipeline invalid, and say where', async () => {
    const cache = cacheOfSets()
    await readTexts({ 'a.yaml': PIPELINE, 'x.template.yaml': TEMPLATE }, { cache })
    const gone = await readTexts({ 'a.yaml': PIPELINE }, { cache })
    expect(said(gone)).toEqual(['a.yaml:6:28 there is no processor named "shout"'])
    expect(gone.complete).toBe(true)
    const broken = await readTexts(
      { 'a.yaml': PIPELINE, 'x.template.yaml': TEMPLATE.replace('type: processor', 'type: proc') },
      { cache },
    )
    expect(said(broken)).toEqual([
      'a.yaml:6:28 there is no processor named "shout"',
      expect.stringMatching(/^x\.template\.yaml:2:7 expected/),
    ])
  })

  test('tell what is wrong with what they make where they are used', async () => {
    const set = await readTexts(
      {
        'a.yaml': PIPELINE,
        'x.template.yaml': TEMPLATE.replace('content()', 'contents()'),
      },
      { cache: cacheOfSets() },
    )
    expect(said(set)).toEqual([
      expect.stringContaining('a.yaml:6:28 in what the template shout makes of this: mapping: '),
    ])
  })
})
