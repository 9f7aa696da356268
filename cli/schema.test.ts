import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { kinds } from '../crds/kinds.ts'
import { KINDS } from '../crds/resource.ts'
import { type ResolvedSchemas, resolveSchemas } from './resolved-schemas.ts'
import { schemaFiles } from './schema-files.ts'

const EXAMPLES = join(import.meta.dirname, '../examples')
const MODELINE = /^# yaml-language-server: \$schema=(\S+)$/

let resolved: ResolvedSchemas
let validators: ReadonlyMap<string, ValidateFunction>

beforeAll(async () => {
  resolved = await resolveSchemas()
  validators = new Map(
    [...(await schemaFiles())].map(([name, text]) => [
      name,
      new Ajv({
        strict: true,
        strictTypes: false,
        strictTuples: false,
        allowUnionTypes: true,
      }).compile(JSON.parse(text)),
    ]),
  )
})

const fits = (value: unknown, name = 'headgate.schema.json'): boolean =>
  validators.get(name)?.(value) === true

function documentsIn(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS())
}

const pipeline = (spec: object): object => ({
  apiVersion: 'headgate.dev/v1alpha1',
  kind: 'Pipeline',
  metadata: { name: 'p' },
  spec: { input: { stdin: {} }, output: { drop: {} }, ...spec },
})

/** Where a component of each role stands in a pipeline. */
function specWith(role: string, component: object): object {
  if (role === 'processor') return { pipeline: { processors: [component] } }
  if (role !== 'cache' && role !== 'rate_limit') return { [role]: component }
  return { [`${role}_resources`]: [{ label: 'one', ...component }] }
}

describe('the schemas accept', () => {
  const paths = globSync('*/**/*.yaml', { cwd: EXAMPLES }).sort()

  test('what there is: the examples are found', () => {
    expect(paths.length).toBeGreaterThan(6)
  })

  for (const path of paths) {
    test(`examples/${path}, which names its schema in each document`, () => {
      const text = readFileSync(join(EXAMPLES, path), 'utf8')
      for (const part of text.split('\n---\n')) {
        const [, schema = ''] = MODELINE.exec(part.split('\n')[0] ?? '') ?? []
        const named = join(EXAMPLES, path, '..', schema)
        expect(named).toBe(join(EXAMPLES, '.schemas/headgate.schema.json'))
      }
      for (const document of documentsIn(text)) expect(fits(document)).toBe(true)
    })
  }

  for (const kind of KINDS) {
    test(`the example of ${kind}, also by its own schema`, () => {
      const [document] = documentsIn(kinds[kind].example)
      expect(fits(document)).toBe(true)
      expect(fits(document, `${kinds[kind].plural}.schema.json`)).toBe(true)
    })
  }

  test('every example of every component', () => {
    const wrong = [...resolved.components].flatMap(([path, definition]) => {
      const [role = '', name = ''] = path.split('.')
      const examples = 'examples' in definition ? (definition.examples ?? []) : []
      return examples
        .filter(({ config }) => !fits(pipeline(specWith(role, { [name]: config }))))
        .map(({ title }) => `${path}: ${title}`)
    })
    expect(wrong).toEqual([])
  })

  test('what components take besides their types: variables, numbers as text, all defaults', () => {
    expect(fits(pipeline({ input: { http_server: null } }))).toBe(true)
    expect(fits(pipeline({ output: { stream: { name: 5, key: true } } }))).toBe(true)
    expect(fits(pipeline({ buffer: { memory: { limit: '${LIMIT}' } } }))).toBe(true)
    expect(fits(pipeline({ input: { label: 'in', stdin: {}, processors: [{ noop: {} }] } }))).toBe(
      true,
    )
  })

  test('a headgate.yaml', () => {
    const config = {
      sources: [{ name: 'a', directory: 'x', grants: { env: ['A_*'], commands: true } }],
    }
    expect(fits(config, 'headgate-config.schema.json')).toBe(true)
  })
})

test('the schemas have no words that editors do not know', async () => {
  for (const [, text] of await schemaFiles()) {
    expect(text).not.toMatch(/"(x-|patternText|durationM|secretKeys|notYetAvailable|discriminator)/)
  }
})

describe('the schemas refuse', () => {
  test('slips in a spec, in a component, in a component within a component, in headgate.yaml', () => {
    const stream = { apiVersion: 'headgate.dev/v1alpha1', kind: 'Stream', metadata: { name: 's' } }
    expect(fits({ ...stream, spec: { shards: 2 } })).toBe(true)
    expect(fits({ ...stream, spec: { shads: 2 } })).toBe(false)
    expect(fits({ ...stream, spec: { shards: 0 } })).toBe(false)
    expect(fits({ ...stream, kind: 'Strem' })).toBe(false)
    expect(fits(pipeline({ input: { htp_server: {} } }))).toBe(false)
    expect(fits(pipeline({ input: { http_server: { pth: '/a' } } }))).toBe(false)
    expect(fits(pipeline({ buffer: { memory: { limit: 'much' } } }))).toBe(false)
    const within = (processor: object): object =>
      pipeline({ pipeline: { processors: [{ catch: [processor] }] } })
    expect(fits(within({ mapping: 'root = this' }))).toBe(true)
    expect(fits(within({ maping: 'root = this' }))).toBe(false)
    expect(
      fits({ sources: [{ name: 'a', grants: { envs: [] } }] }, 'headgate-config.schema.json'),
    ).toBe(false)
  })
})
