/** Mistakes that only several files, or a source with limits, can make: the exact report of each. */
import { describe, expect, test } from 'vitest'
import { engineInspector } from '../cli/inspector.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import { problemText } from '../controllers/sets/problem-text.ts'
import { readTexts } from '../controllers/sets/testing.ts'

const stream = (name: string, rest = ''): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: ${name}}\n${rest}`
const pipeline = (name: string, input: string): string =>
  `apiVersion: headgate.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: ${name}}\nspec:\n  input: ${input}\n  output: {drop: {}}\n`

const NOTHING_GRANTED = {
  namespaces: undefined,
  kinds: undefined,
  files: [],
  env: [],
  commands: false,
  listeners: [],
  declaredIn: 'headgate.yaml:4',
}

async function report(
  files: Readonly<Record<string, string>>,
  options: Parameters<typeof readTexts>[1] = {},
): Promise<readonly string[]> {
  const cache = new FileCache(engineInspector)
  const { problems } = await readTexts(files, { cache, ...options })
  return problems.map((problem) => problemText(problem, files[problem.file]))
}

describe('mistakes across files', () => {
  test('one name in two files is told at both places, and each names the other', async () => {
    expect(await report({ 'a.yaml': stream('orders'), 'b.yaml': stream('orders') })).toEqual([
      `a.yaml:3:18: reference: Stream default/orders is declared twice; also in b.yaml:1 [NameDuplicate]
3 | metadata: {name: orders}
  |                  ^^^^^^
  hint: remove or rename one of them`,
      `b.yaml:3:18: reference: Stream default/orders is declared twice; also in a.yaml:1 [NameDuplicate]
3 | metadata: {name: orders}
  |                  ^^^^^^
  hint: remove or rename one of them`,
    ])
  })

  test('a file that does not parse hides nothing that is wrong in the others', async () => {
    const files = { 'a.yaml': '{', 'b.yaml': stream('b', 'spec: {shards: 0}\n'), 'c.json': '{' }
    expect((await report(files)).map((text) => text.split(' ')[0])).toEqual([
      'a.yaml:1:1:',
      'b.yaml:4:16:',
      'c.json:1:2:',
    ])
  })
})

describe('what a source may not declare', () => {
  test('a kind and a namespace outside of its scope', async () => {
    const scope = { kinds: ['Pipeline' as const], namespaces: ['shop'] }
    expect(await report({ 'a.yaml': stream('a') }, { scope })).toEqual([
      `a.yaml:2:7: reference: kind Stream is outside of the scope of source local [OutOfScope]
2 | kind: Stream
  |       ^^^^^^
  hint: widen its scope in headgate.yaml, or declare this elsewhere`,
      `a.yaml:3:1: reference: namespace default is outside of the scope of source local [OutOfScope]
3 | metadata: {name: a}
  | ^^^^^^^^
  hint: widen its scope in headgate.yaml, or declare this elsewhere`,
    ])
  })

  test('a file, a variable and a listener that nobody granted, each with the line to add', async () => {
    const files = {
      'a.yaml': pipeline('a', '{file: {paths: [/etc/passwd]}}'),
      'b.yaml': pipeline('b', '{generate: {mapping: root = 1, interval: "${WAIT}"}}'),
      'c.yaml': pipeline('c', '{http_server: {address: "0.0.0.0:80"}}'),
    }
    const texts = await report(files, { grants: NOTHING_GRANTED })
    expect(texts.map((text) => text.split('\n').filter((line) => !line.includes('|')))).toEqual([
      [
        'a.yaml:5:26: component: source local is not granted the file /etc/passwd [GrantMissing]',
        '  hint: add to source local in headgate.yaml:4: grants: {files: [/etc/passwd]}',
      ],
      [
        'b.yaml:5:51: component: source local is not granted the environment variable WAIT [GrantMissing]',
        '  hint: add to source local in headgate.yaml:4: grants: {env: [WAIT]}',
      ],
      [
        'c.yaml:5:34: component: source local is not granted the listener 0.0.0.0:80 [GrantMissing]',
        '  hint: add to source local in headgate.yaml:4: grants: {listeners: ["0.0.0.0:80"]}',
      ],
    ])
  })
})
