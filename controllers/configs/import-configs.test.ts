import { describe, expect, test } from 'vitest'
import { type ConnectFile, type Imported, importConfigs } from './import-configs.ts'

function files(texts: Readonly<Record<string, string>>): readonly ConnectFile[] {
  return Object.entries(texts).map(([path, text]) => ({
    path,
    shown: `in/${path}`,
    bytes: Buffer.from(text),
  }))
}

function imports(
  texts: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>> = {},
): Promise<Imported> {
  return importConfigs(files(texts), files(others))
}

function said({ problems }: Imported): readonly string[] {
  return problems.map(
    ({ severity, file, line, column, message }) =>
      `${severity} ${file}:${line}:${column} ${message}`,
  )
}

describe('importConfigs', () => {
  test('keeps the text of a config with its comments, and says what Connect leaves unsaid', async () => {
    const text = `---
# What comes in.
input: {generate: {mapping: root = 1}} # here

# And what happens.
pipeline:
  # nothing
  processors: []
---
`
    const { pipelines, problems } = await imports({ 'a.yml': text })
    expect(problems).toEqual([])
    expect(pipelines.map(({ path, text: written }) => [path, written])).toEqual([
      [
        'a.yaml',
        `# Imported from in/a.yml.
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: a}
spec:
  # What comes in.
  input: {generate: {mapping: root = 1}} # here
  # And what happens.
  pipeline:
    # nothing
    processors: []
  output:
    stdout: {}
`,
      ],
    ])
  })

  test('calls streams as streams mode does, and keeps an id that is no name', async () => {
    const text = 'input: {stdin: {}}\noutput: {drop: {}}\n'
    const imported = await imports({ 'a/b/c.yaml': text, 'Big One.yaml': text })
    expect(imported.pipelines.map(({ path, name, id }) => [path, name, id])).toEqual([
      ['a/b/c.yaml', 'a-b-c', 'a_b_c'],
      ['Big One.yaml', 'big-one', 'Big One'],
    ])
    expect(said(imported)[0]).toBe(
      'warning in/a/b/c.yaml:1:1 the id a_b_c is no name of a resource: it is called a-b-c, and keeps its id',
    )
    const twice = await imports({ 'a/b.yaml': text, 'a_b.yaml': text })
    expect(said(twice)).toContain('error in/a_b.yaml:1:1 a_b is the name of in/a/b.yaml already')
  })

  test('writes the resources into a pipeline that it uses, and what those use', async () => {
    const { pipelines, problems } = await imports(
      {
        'a.yaml': `input: {stdin: {}}
pipeline: {processors: [{resource: once}]}
output: {drop: {}}
cache_resources: [{label: own, noop: {}}]
`,
      },
      {
        'r.yaml': `processor_resources: [{label: once, dedupe: {cache: seen, key: a}}]
cache_resources: [{label: seen, memory: {}}, {label: unused, memory: {}}]
`,
      },
    )
    expect(problems).toEqual([])
    expect(pipelines[0]?.text).toContain('- label: once')
    expect(pipelines[0]?.text).toContain('- label: seen')
    expect(pipelines[0]?.text).toContain('- label: own')
    expect(pipelines[0]?.text).not.toContain('unused')
  })

  test('says where state was shared and is no longer', async () => {
    const stream = `input: {stdin: {}}
pipeline: {processors: [{dedupe: {cache: seen, key: a}}]}
output: {drop: {}}
`
    const resources = '\ncache_resources:\n  - label: seen\n    memory: {}\n'
    const imported = await imports({ 'a.yaml': stream, 'b.yaml': stream, 'r.yaml': resources })
    expect(said(imported)).toEqual([
      'warning in/r.yaml:3:5 a and b shared seen; here each has its own',
    ])
  })

  test('names what cannot be carried over at its place, in resources too', async () => {
    const imported = await imports(
      {
        'a.yaml':
          'http: {address: "0.0.0.0:1"}\ninput: {nanomsgs: {}}\npipeline: {processors: [{resource: r}]}\noutput: {drop: {}}\n',
      },
      { 'r.yaml': 'processor_resources:\n  - label: r\n    mappin: root = this\n' },
    )
    expect(said(imported)).toEqual([
      'warning in/a.yaml:1:1 http belongs to a whole process and is not carried over',
      'error in/a.yaml:2:9 there is no input named "nanomsgs"',
      'error in/r.yaml:3:5 there is no processor named "mappin"',
    ])
    expect(imported.pipelines[0]?.text).not.toContain('http')
  })

  test('puts words in quotes that are text to Connect and refused in a document', async () => {
    const text =
      'input: {generate: {mapping: root = 1}}\noutput: {file: {path: on}}\ntests: [{name: n, json: {y: 1, n: yes}}]\n'
    const { pipelines } = await imports({ 'a.yaml': text })
    expect(pipelines[0]?.text).toContain('path: "on"')
    expect(pipelines[0]?.text).toContain('[{name: "n", json: {"y": 1, "n": "yes"}}]')
  })

  test('is strict where the whole process was', async () => {
    const { pipelines } = await imports(
      { 'a.yaml': 'input: {stdin: {}}\noutput: {drop: {}}\n' },
      { 'o.yaml': 'error_handling: {strict: true}\nlogger: {level: INFO}\n' },
    )
    expect(pipelines[0]?.text).toContain('  error_handling:\n    strict: true\n')
  })

  test('passes over what is no config, and takes JSON', async () => {
    const imported = await imports({
      'data.json': '{"a": 1}',
      'ours.yaml': 'apiVersion: v1\nkind: List\n',
      's.json': '{"input": {"stdin": {}}, "output": {"drop": {}}}',
      's_benthos_test.yaml': 'tests: []\n',
    })
    expect(imported.notes).toEqual([
      'in/data.json: passed over: it is no config',
      'in/ours.yaml: passed over: it has documents with apiVersion and kind',
    ])
    expect(imported.pipelines.map(({ path }) => path)).toEqual(['s.yaml'])
    expect(imported.tests.map(({ path }) => path)).toEqual(['s_benthos_test.yaml'])
  })
})
