/** What `headgate types` writes, before the real compiler: what fits compiles, and what does not is named. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const DECLARED = `apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: money}
spec:
  properties: [{id: amount, type: Decimal, key: 1}, {id: currency, type: String}]
---
apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: order-line}
spec:
  properties:
    - {id: id, type: Int64, key: 1}
    - {id: at-time, type: DateTime}
    - {id: tags, type: {array: String}}
    - {id: price, type: money}
    - {id: paid, type: NullableBoolean}
    - {id: anything, type: Object}
---
apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: order.line}
spec:
  jsonSchema:
    type: object
    required: [url]
    additionalProperties: false
    properties:
      url: {type: string}
      kind: {enum: [a, b]}
      who: {$ref: '#/$defs/who'}
      next: {anyOf: [{type: integer}, {type: 'null'}]}
    $defs: {who: {type: object, properties: {id: {type: integer}, sub: {$ref: '#/$defs/who'}}}}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
spec: {type: order-line}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: page-views}
spec: {type: order.line}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: raw}
`
let home: string

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'headgate-types-'))
  writeFileSync(join(home, 'declared.yaml'), DECLARED)
  run('types', join(home, 'declared.yaml'), '--out', join(home, 'streams.ts'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function run(...given: readonly string[]): string {
  const command = [join(ROOT, 'cli/main.ts'), ...given]
  return execFileSync(process.execPath, command, { encoding: 'utf8', stdio: 'pipe' })
}

const FITS = `{
  id: 1, 'at-time': '2026-01-31T09:30:00Z', tags: ['a', null], paid: null, anything: [{}],
  price: { amount: 1, currency: null },
}`
/** What is written, what stream it is for, and what the compiler says of it. */
const PROGRAMS: readonly (readonly [what: string, stream: string, value: string, said?: string])[] =
  [
    ['what fits', 'orders', FITS],
    [
      'what fits a JSON Schema',
      'page-views',
      `{ url: 'x', kind: 'a', next: null, who: { sub: { id: 1 } } }`,
    ],
    ['anything where there is no type', 'raw', '[1]'],
    ['a key that is missing', 'orders', '{ tags: [] }', `'id' is missing`],
    ['a field that there is not', 'orders', `{ id: 1, tag: 'a' }`, `'tag' does not exist`],
    [
      'a value of another type',
      'orders',
      `{ id: '1' }`,
      `'string' is not assignable to type 'number'`,
    ],
    [
      'a field within another type',
      'orders',
      `{ id: 1, price: { amount: 1, unit: '' } }`,
      `'unit' does not exist`,
    ],
    [
      'a field that a JSON Schema has not',
      'page-views',
      `{ url: 'x', knd: 'a' }`,
      `'knd' does not exist`,
    ],
  ]

/** Compiles all programs at once; each error as the compiler prints it. */
function compilerErrors(): readonly string[] {
  const files = PROGRAMS.map(([, stream, value], index) => {
    const text = `import type { Streams } from './streams.ts'\nexport const given: Streams['${stream}'] = ${value}\n`
    writeFileSync(join(home, `program-${index}.ts`), text)
    return `program-${index}.ts`
  })
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const options = ['--noEmit', '--strict', '--allowImportingTsExtensions', '--module', 'nodenext']
  const { stdout } = spawnSync(process.execPath, [compiler, ...options, ...files], {
    cwd: home,
    encoding: 'utf8',
  })
  return stdout.split('\n').filter((line) => line.includes('error TS'))
}

describe('types', () => {
  let errors: readonly string[]
  beforeAll(() => {
    errors = compilerErrors()
  })

  for (const [index, [what, , , said]] of PROGRAMS.entries()) {
    test(`judge ${what}`, () => {
      const found = errors.filter((line) => line.startsWith(`program-${index}.ts`))
      expect(found).toEqual(said === undefined ? [] : [expect.stringContaining(said)])
    })
  }

  test('are checked, and written again only where they differ', () => {
    const given = ['types', join(home, 'declared.yaml'), '--out', join(home, 'streams.ts')]
    expect(run(...given, '--check')).toBe('')
    writeFileSync(join(home, 'streams.ts'), '')
    expect(() => run(...given, '--check')).toThrow()
    run(...given)
    expect(readFileSync(join(home, 'streams.ts'), 'utf8')).toContain('interface Streams')
  })

  test('are not written of declarations that are wrong', () => {
    writeFileSync(join(home, 'wrong.yaml'), DECLARED.replace('Int64', 'Int46'))
    expect(() => run('types', join(home, 'wrong.yaml'))).toThrow(/Int46/)
  })
})
