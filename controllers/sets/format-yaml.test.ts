import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments, parseDocument } from 'yaml'
import { kinds } from '../../crds/kinds.ts'
import { KINDS } from '../../crds/resource.ts'
import { resourceDigest } from './digest.ts'
import { formatFile } from './format-file.ts'
import { formatYaml } from './format-yaml.ts'
import { readFile } from './read-file.ts'
import { inspectorOf } from './testing.ts'

const ROOT = join(import.meta.dirname, '../..')
const inspector = inspectorOf()

async function digests(text: string): Promise<readonly string[]> {
  const { declarations } = await readFile('a.yaml', Buffer.from(text), inspector)
  return declarations.map((declaration) => resourceDigest(declaration))
}

const SHUFFLED = `# What it is for.
spec:
  # Words.
  tags: ['a b', "c"]   # to find it

  shards: 2
  retention: {bytes: 1024MiB, age: 24h}
  description: |
    text # none

  metadata:
    number: '1'
      # deeper than the key
  propertyOverrides:
    - uom: x
      # Which one.
      id: "temp"
    - id: b
  # at the end
kind: Stream # the kind

apiVersion: headgate.dev/v1alpha1
metadata: {namespace: 'x', name: "yes"}
---
kind: Pipeline
apiVersion: headgate.dev/v1alpha1
metadata: {name: p}
spec:
  output:
    stdout:
  input: {stdin: {}, label: "in"}`

const HEAD = 'apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: s}\n'

describe('formatting', () => {
  test('orders keys, and moves comments with them', () => {
    expect(formatYaml(SHUFFLED)).toBe(`# What it is for.
apiVersion: headgate.dev/v1alpha1
kind: Stream # the kind
metadata: {name: "yes", namespace: x}
spec:
  shards: 2
  retention: {age: 1d, bytes: 1GiB}
  propertyOverrides:
    - # Which one.
      id: temp
      uom: x
    - id: b
  # Words.
  tags: ["a b", c]   # to find it

  metadata:
    number: "1"
      # deeper than the key
  description: |
    text # none
  # at the end
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: p}
spec:
  input: {stdin: {}, label: in}
  output:
    stdout:
`)
  })

  test('keeps quotes that keep a text a text', () => {
    const values = [
      '"7"',
      '"true"',
      '"on"',
      '"1e3"',
      '"0x1f"',
      '"a: b"',
      '"#x"',
      '"~"',
      '"it\'s"',
      '"a\\tb"',
    ]
    const text = `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata:\n  name: s\nspec:\n  tags:\n${values.map((value) => `    - ${value}\n`).join('')}`
    expect(formatYaml(text)).toBe(text)
  })

  test('leaves alone what is not ours, and what it cannot take apart', () => {
    const foreign = "kind: ConfigMap\napiVersion: v1\ndata: {b: 'x', a: 1}\n"
    expect(formatYaml(foreign)).toBe(foreign)
    const kept = `spec:\n  description: |+\n    text\n\n  shards: 1\n`
    expect(formatYaml(`${HEAD}${kept}`)).toBe(`${HEAD}${kept}`)
    const explicit = '? kind\n: Stream\n? apiVersion\n: headgate.dev/v1alpha1\n'
    expect(formatYaml(explicit)).toBe(explicit)
  })

  test('writes line feeds, one at the end, and no byte-order mark', async () => {
    const text = '\uFEFFapiVersion: headgate.dev/v1alpha1\r\nkind: Stream\r\nmetadata: {name: s}'
    const result = await formatFile('a.yaml', Buffer.from(text), inspector)
    expect(result).toEqual({
      kind: 'formatted',
      text: 'apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: s}\n',
      changed: true,
    })
  })

  test('refuses a file with errors, whichever they are', async () => {
    for (const text of [SHUFFLED.replace('shards: 2', 'shads: 2'), 'a: [', 'kind: Stream\n']) {
      const result = await formatFile('a.yaml', Buffer.from(text), inspector)
      expect(result.kind).toBe('refused')
    }
  })
})

describe('formatting is idempotent and changes no digest', () => {
  const paths = globSync('examples/*/**/*.yaml', { cwd: ROOT }).sort()
  const texts = [
    ...paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const),
    ...KINDS.map((kind) => [kind, kinds[kind].example] as const),
    ['shuffled', SHUFFLED] as const,
  ]

  for (const [name, text] of texts) {
    test(`of ${name}`, async () => {
      const formatted = formatYaml(text)
      expect(formatYaml(formatted)).toBe(formatted)
      expect(await digests(formatted)).toEqual(await digests(text))
      expect(commentsIn(formatted)).toEqual(commentsIn(text))
      if (name.startsWith('examples/')) expect(formatted).toBe(text)
    })
  }

  test('of whatever is written, in whichever order and style', async () => {
    await fc.assert(
      fc.asyncProperty(document(), async (text) => {
        const formatted = formatYaml(text)
        expect(formatYaml(formatted)).toBe(formatted)
        expect(await digests(formatted)).toEqual(await digests(text))
        expect(commentsIn(formatted)).toEqual(commentsIn(text))
        expect(parseAllDocuments(formatted)).toHaveLength(parseAllDocuments(text).length)
      }),
      { numRuns: 300 },
    )
  })
})

function commentsIn(text: string): readonly string[] {
  return (text.match(/# c\d+$/gm) ?? []).sort()
}

/** One or two documents of Streams and Pipelines: keys shuffled, values in any style, comments and blank lines between. */
function document(): fc.Arbitrary<string> {
  const one = fc
    .record({
      kind: fc.constantFrom('Stream', 'Pipeline', 'Sink'),
      seed: fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }),
      endsInLine: fc.boolean(),
    })
    .map(({ kind, seed, endsInLine }) => {
      const text = written(kind, seed)
      return endsInLine ? text : text.replace(/\n+$/, '')
    })
  return fc.array(one, { minLength: 1, maxLength: 2 }).map((parts) => parts.join('\n---\n'))
}

const SPECS: Readonly<Record<string, readonly string[]>> = {
  Stream: [
    'id: "an id"',
    'shards: 3',
    'retention:\n  bytes: \'2048KiB\'\n  age: "48h"',
    "durability: 'relaxed'",
    'tags: [ \'x\', "y z" ]',
    'metadata:\n  b: |\n    text\n\n    more\n  a: >-\n    folded\n    text',
    'description: |+\n  kept\n\n',
    'protected: false',
    'displayName: plain words',
    'retainFor: 3600s',
  ],
  Pipeline: [
    'output:\n  stream:\n    name: "b"\n    key: ${! json("k") }',
    "input:\n  generate:\n    mapping: |\n      root.a = 'x' # none\n\n      root.b = 2\n    interval: 1s",
    'buffer:\n  none:',
    "pipeline:\n  processors:\n    - mapping: 'root = this'\n    - log: {message: 'a, b', level: \"INFO\"}\n  threads: 2",
    'paused: false',
    'id: p1',
  ],
  Sink: [
    'from: {start: "earliest", stream: s}',
    "endpoint:\n  url: 'http://127.0.0.1/x'\n  headers:\n    B: {fromSecret: {key: k, name: n}}\n    A:\n      fromEnv: X\n  type: standard",
    'template: |-\n  root = this\n  # none',
    "batch:\n  period: '1000ms'\n  records: 5\n  bytes: 1024B",
    'active: true',
  ],
}

function written(kind: string, seed: readonly number[]): string {
  let at = 0
  const chance = (below: number): number => (seed[at++ % seed.length] ?? 0) % below
  const shuffled = (entries: readonly string[]): readonly string[] =>
    entries
      .map((entry) => [chance(1000), entry] as const)
      .sort(([one], [other]) => one - other)
      .map(([, entry]) => entry)
  const noted = (entry: string): string => {
    const above = ['', '', '\n', '# c1\n', '\n# c2\n# c3\n', '# c4\n\n'][chance(6)] ?? ''
    const isBlock = /[|>][-+]?\n/.test(entry)
    return `${above}${entry}${!isBlock && chance(5) === 0 ? ' # c5' : ''}${entry.endsWith('\n') ? '' : '\n'}`
  }
  const spec = shuffled(SPECS[kind] ?? [])
    .map(noted)
    .join('')
  const indented = spec.replaceAll(/^(?=.)/gm, ' '.repeat(2 + 2 * chance(2)))
  const entries = [
    'apiVersion: headgate.dev/v1alpha1',
    `kind: ${chance(2) === 0 ? kind : `'${kind}'`}`,
    ['metadata: {namespace: "n", name: a}', 'metadata:\n  labels: {b: x, a: \'7\'}\n  name: "a"'][
      chance(2)
    ] ?? '',
    `spec:\n${indented}`,
  ]
  const text = shuffled(entries).map(noted).join('')
  // What is no YAML is no concern here.
  return parseDocument(text).errors.length === 0
    ? text
    : `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: a}\n`
}
