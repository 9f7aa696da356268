import { describe, expect, test } from 'vitest'
import type { SinkSpec } from '../../crds/generated/specs.gen.ts'
import { inspectPipeline } from '../../engine/pipelines/inspect-pipeline.ts'
import type { Need } from '../../engine/pipelines/pipeline.ts'
import { inspectSink } from '../../engine/pipelines/sink.ts'
import { FileCache } from '../sets/file-cache.ts'
import type { Inspector } from '../sets/inspector.ts'
import type { Problem } from '../sets/problem.ts'
import { readTexts } from '../sets/testing.ts'
import { configSchema } from './config-schema.ts'
import { loadConfig } from './load-config.ts'

const COMMAND: Need = { kind: 'command', name: 'make', path: ['input'] }

/** The engine's, but that `stdin` runs a command: no component that is there does. */
const inspector: Inspector = {
  pipeline: async (config) => {
    const inspection = await inspectPipeline(config)
    const runs = JSON.stringify(config).includes('"stdin"')
    return { ...inspection, needs: [...inspection.needs, ...(runs ? [COMMAND] : [])] }
  },
  sink: (spec) => inspectSink(spec as unknown as SinkSpec),
}

const head = (kind: string, namespace = 'default'): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: a, namespace: ${namespace}}\n`
const pipeline = (input: string, output = '{drop: {}}'): string =>
  `${head('Pipeline')}spec:\n  input: ${input}\n  output: ${output}\n`
const generate = '{generate: {mapping: root = 1}}'

/** What each source asks for, and grants that are not quite enough. */
const CASES: readonly (readonly [grant: string, what: string, document: string, grants: string])[] =
  [
    ['namespaces', 'another namespace', head('Stream', 'edge'), 'namespaces: [core]'],
    ['kinds', 'another kind', head('Stream'), 'kinds: [Sink]'],
    ['files', 'a file to read', pipeline('{file: {paths: [/data/in.txt]}}'), 'files: [/database]'],
    [
      'files',
      'a file that leads out',
      pipeline('{file: {paths: [/data/../etc/x]}}'),
      'files: [/data]',
    ],
    ['files', 'a file to write', pipeline(generate, '{file: {path: /out/x}}'), 'files: [/outer]'],
    [
      'env',
      'a variable in a text',
      pipeline('{generate: {mapping: "root = ${LIMIT}"}}'),
      'env: [LIMITS, L_*]',
    ],
    [
      'env',
      'a variable as a secret',
      pipeline(generate, '{standard: {url: "http://a/", headers: {x-token: {fromEnv: TOKEN}}}}'),
      'env: [TOKENS]',
    ],
    [
      'env',
      'a variable of a Sink',
      `${head('Sink')}spec: {from: {stream: s}, endpoint: {type: standard, url: "http://a/", headers: {x-token: {fromEnv: TOKEN}}}}\n`,
      'env: [TOKEN_*]',
    ],
    ['commands', 'a command', pipeline('{stdin: {}}'), 'commands: false'],
    [
      'listeners',
      'a listener of its own',
      pipeline('{http_server: {address: "0.0.0.0:80"}}'),
      'listeners: ["0.0.0.0:8080", "127.0.0.1:*"]',
    ],
  ]

async function problemsUnder(grants: string, document: string): Promise<readonly Problem[]> {
  const text = `sources:\n  - name: team\n    directory: .\n    grants: {${grants}}\n`
  const loaded = loadConfig(text, '/srv/headgate.yaml')
  const source = loaded.ok ? loaded.sources[0] : undefined
  if (source === undefined) throw new Error(`no source in ${text}`)
  const set = await readTexts(
    { 'a.yaml': document },
    {
      source: source.name,
      scope: source.scope,
      grants: source.grants,
      directory: source.location,
      cache: new FileCache(inspector),
      known: () => true,
    },
  )
  return set.problems
}

describe('a grant of headgate.yaml', () => {
  for (const [grant, what, document, grants] of CASES) {
    test(`${grant}: refuses ${what}, and names the line that allows it`, async () => {
      const problems = await problemsUnder(grants, document)
      expect(problems.map(({ code }) => code)).toEqual(['GrantMissing'])
      const [, line = ''] =
        /^add to source team in \/srv\/headgate\.yaml: grants: \{(.*)\}$/.exec(
          problems[0]?.hint ?? '',
        ) ?? []
      expect(line).toMatch(new RegExp(`^${grant}: `))
      expect(await problemsUnder(line, document)).toEqual([])
    })
  }

  test('refuses what needs one, where there are no grants at all', async () => {
    const needy = CASES.filter(([grant]) => !['namespaces', 'kinds'].includes(grant))
    for (const [, what, document] of needy) {
      const codes = (await problemsUnder('', document)).map(({ code }) => code)
      expect([what, codes]).toEqual([what, ['GrantMissing']])
    }
  })

  test('is among these: each that may be written is tested', () => {
    const fields = configSchema.properties?.['sources']?.items?.properties?.['grants']?.properties
    const tested = new Set(CASES.map(([grant]) => grant))
    expect(Object.keys(fields ?? {}).sort()).toEqual([...tested].sort())
  })
})
