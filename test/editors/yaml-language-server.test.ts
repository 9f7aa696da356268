import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../house/source-files.ts'
import { LanguageServerClient } from './language-server-client.ts'

const EXAMPLES = join(ROOT, 'examples')
const MODELINE = '# yaml-language-server: $schema=../.schemas/headgate.schema.json\n'
const SERVER = join(
  createRequire(import.meta.url).resolve('yaml-language-server/package.json'),
  '../bin/yaml-language-server',
)

let client: LanguageServerClient
let opened = 0

beforeAll(async () => {
  client = await LanguageServerClient.start(SERVER)
})
afterAll(() => client[Symbol.asyncDispose]())

interface Cursor {
  readonly uri: string
  readonly position: { readonly line: number; readonly character: number }
}

/** A document of the kind, open in the editor, with the cursor at `|`. */
async function at(kind: string, spec: string): Promise<Cursor> {
  const head = `${MODELINE}apiVersion: headgate.dev/v1alpha1\nkind: ${kind}\nmetadata:\n  name: x\n`
  const marked = `${head}${spec}`
  const before = marked.slice(0, marked.indexOf('|')).split('\n')
  const uri = pathToFileURL(join(EXAMPLES, `01-quickstart/new-${opened++}.yaml`)).href
  await client.open(uri, marked.replace('|', ''))
  return { uri, position: { line: before.length - 1, character: before.at(-1)?.length ?? 0 } }
}
const offered = async (kind: string, spec: string): Promise<readonly string[]> => {
  const { uri, position } = await at(kind, spec)
  return client.completions(uri, position)
}
const told = async (kind: string, spec: string): Promise<string> => {
  const { uri, position } = await at(kind, spec)
  return client.hover(uri, position)
}

describe('an editor with a YAML language server', () => {
  for (const path of globSync('*/**/*.yaml', { cwd: EXAMPLES }).sort()) {
    test(`has nothing against examples/${path}`, async () => {
      const file = join(EXAMPLES, path)
      expect(await client.open(pathToFileURL(file).href, readFileSync(file, 'utf8'))).toEqual([])
    })
  }

  test('completes fields, values, components, their fields, and components within them', async () => {
    expect(await offered('Stream', 'spec:\n  shards: 2\n  dur|')).toContain('durability')
    expect(await offered('Stream', 'spec:\n  durability: |')).toEqual(['durable', 'relaxed'])
    const types = await offered('StreamType', 'spec:\n  properties:\n    - id: a\n      type: |')
    expect(types).toEqual(expect.arrayContaining(['Int64', 'String']))
    const outputs = await offered('Pipeline', 'spec:\n  output:\n    |')
    expect(outputs).toEqual(expect.arrayContaining(['stream', 'http_client', 'drop']))
    const path = 'spec:\n  input:\n    http_server:\n      |'
    expect(await offered('Pipeline', path)).toEqual(expect.arrayContaining(['path', 'timeout']))
    const nested = 'spec:\n  pipeline:\n    processors:\n      - catch:\n          - |'
    expect(await offered('Pipeline', nested)).toEqual(expect.arrayContaining(['mapping', 'log']))
  })

  test('offers the kinds where a document begins', async () => {
    expect(await offered('|', '')).toEqual(expect.arrayContaining(['Stream', 'Pipeline', 'Sink']))
  })

  test('offers an empty spec the fields of its own kind', async () => {
    const sink = await offered('Sink', 'spec:\n  |')
    expect(sink).toEqual(expect.arrayContaining(['from', 'endpoint']))
    expect(sink).not.toContain('shards')
    const stream = await offered('Stream', 'spec:\n  |')
    expect(stream).toContain('shards')
    expect(stream).not.toContain('endpoint')
  })

  test('tells what a field means', async () => {
    expect(await told('Stream', 'spec:\n  sha|rds: 2\n')).toContain('Shards only grow.')
    const field = 'spec:\n  output: {drop: {}}\n  input:\n    http_server:\n      pa|th: /in\n'
    expect(await told('Pipeline', field)).toContain('The path; everything beneath it')
  })

  test('marks a slip at its place, and nothing else', async () => {
    const { uri } = await at('Stream', 'spec:\n  shads: 2\n|')
    const text = `${MODELINE}apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata:\n  name: x\nspec:\n  shads: 2\n`
    expect(await client.open(`${uri}-again.yaml`, text)).toEqual([
      { line: 7, column: 3, message: 'Property shads is not allowed.' },
    ])
  })
})
