import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lintFile } from '../controllers/configs/lint-file.ts'
import type { ComponentDefinition } from '../engine/pipelines/component.ts'
import { headgate } from '../test/harness/headgate-process.ts'
import { engineInspector } from './inspector.ts'
import { resolveSchemas } from './resolved-schemas.ts'
import { skeletonLines } from './skeleton.ts'

/** The lint is right of it: in a strict pipeline it does nothing where it stands. */
const USELESS_IN_STRICT = 'catch'
/** Stand for what there is, and are refused where there is nothing of their label. */
const OF_RESOURCES = 'resource'
/** Another part of a pipeline has to be there for them. */
const WITH_RESOURCES = /no-such-label|there is no entry .* in \w+_resources/

describe('headgate create', async () => {
  const { components, definitions } = await resolveSchemas()
  const of = (role: string): readonly ComponentDefinition[] =>
    [...components.values()].filter((one) => one.role === role)

  for (const role of ['input', 'processor', 'output'] as const) {
    for (const definition of of(role)) {
      if ([USELESS_IN_STRICT, OF_RESOURCES].includes(definition.name)) continue
      test(`${role} ${definition.name} is a config that passes the linter`, async () => {
        const [stdin, drop] = [components.get('input.stdin'), components.get('output.drop')]
        if (stdin === undefined || drop === undefined) throw new Error('they are always there')
        const lines = await skeletonLines(
          {
            inputs: [role === 'input' ? definition : stdin],
            processors: role === 'processor' ? [definition] : [],
            outputs: [role === 'output' ? definition : drop],
          },
          ({ role: of, name }) => definitions.get(`${of}.${name}`) ?? {},
        )
        const problems = await lintFile('a.yaml', Buffer.from(`${lines.join('\n')}\n`), {
          lints: {},
          resources: {},
          strangers: false,
          inspector: engineInspector,
        })
        expect(
          problems
            .map(({ line, message }) => `${line}: ${message}`)
            .filter((text) => !WITH_RESOURCES.test(text)),
        ).toEqual([])
      })
    }
  }

  test('joins several by a broker, is strict, and may be a Pipeline', async () => {
    const { stdout } = await headgate(['create', 'stdin,generate/mapping/drop', '--name', 'both'])
    expect(stdout).toContain('metadata: {name: "both"}')
    expect(stdout).toContain('  error_handling:\n    strict: true\n')
    expect(stdout).toContain('    broker:\n      inputs:\n')
  })

  test('begins with templates, too', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'headgate-create-')), 'x.template.yaml')
    writeFileSync(
      file,
      'name: shout\ntype: processor\nsummary: Is loud.\nfields: [{name: mark, type: string, default: "!"}]\nmapping: root.noop = {}\n',
    )
    const { stdout } = await headgate(['create', 'stdin/shout/drop', '-t', file])
    expect(stdout).toContain('    # Is loud.\n    - shout:\n        mark: "!"\n')
  })

  test('names what was meant', async () => {
    const misspelt = await headgate(['create', 'stdn/drop'])
    expect([misspelt.status, misspelt.stderr]).toEqual([2, expect.stringContaining('"stdin"')])
    const half = await headgate(['create', 'stdin'])
    expect([half.status, half.stderr]).toEqual([2, expect.stringContaining('INPUTS/PROCESSORS')])
  })
})

describe('headgate list', () => {
  test('lists roles, for people and for programs', async () => {
    expect((await headgate(['list', 'buffers'])).stdout).toContain('  memory ')
    const json = JSON.parse((await headgate(['list', 'caches', '--format', 'json'])).stdout)
    expect(json.caches[0]).toEqual(expect.objectContaining({ name: 'file', type: 'cache' }))
    const schema = JSON.parse((await headgate(['list', '--format', 'jsonschema'])).stdout)
    expect(Object.keys(schema.properties)).toContain('input')
    expect(schema.required).toBeUndefined()
  })
})
