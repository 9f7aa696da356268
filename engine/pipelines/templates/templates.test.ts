import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../inspect-pipeline.ts'
import { expandTemplates, TEMPLATE_DEPTH_MAX } from './expand-templates.ts'
import { runTemplateTests } from './run-template-tests.ts'
import { readTemplate, type Template, type Templates } from './template.ts'

const DROPPED = {
  name: 'log_and_drop',
  type: 'processor',
  fields: [
    { name: 'message', type: 'string' },
    { name: 'level', type: 'string', default: 'INFO', options: ['INFO', 'WARN'] },
  ],
  mapping: `root.processors = [
  {"log": {"message": this.message, "level": this.level}},
  {"mapping": "root = deleted()"},
]`,
}

function templates(...values: readonly object[]): Templates {
  return new Map(
    values.map((value) => {
      const { template, problems } = readTemplate(value)
      expect(problems).toEqual([])
      return [`${template?.role} ${template?.name}`, template as Template]
    }),
  )
}

/** What is wrong with a config after its templates were expanded, as its writer hears it. */
async function wrong(config: unknown, all: Templates): Promise<readonly string[]> {
  const { config: expanded, problems, relocate } = await expandTemplates(config, all)
  const inspected = relocate((await inspectPipeline(expanded)).problems)
  return [...problems, ...inspected].map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const used = (config: unknown) => ({ pipeline: { processors: [{ log_and_drop: config }] } })

test('a template that would rename metrics is refused, and not taken for one that does', () => {
  const { problems } = readTemplate({ ...DROPPED, metrics_mapping: 'root = "x"' })
  expect(problems).toMatchObject([{ path: ['metrics_mapping'], severity: 'error' }])
  expect(readTemplate({ ...DROPPED, metrics_mapping: '' }).problems).toEqual([])
})

describe('expandTemplates', () => {
  test('puts what a template makes in its place, wherever components stand', async () => {
    const all = templates(DROPPED)
    const made = {
      processors: [{ log: { message: 'gone', level: 'INFO' } }, { mapping: 'root = deleted()' }],
    }
    const here = { label: 'here', log_and_drop: { message: 'gone' } }
    const config = {
      input: { stdin: {}, processors: [here] },
      pipeline: { processors: [{ branch: { processors: [here] } }, { mapping: 'root = this' }] },
      output: { broker: { outputs: [{ drop: {}, processors: [here] }] } },
      processor_resources: [here],
    }
    const there = { ...made, label: 'here' }
    const { config: expanded } = await expandTemplates(config, all)
    expect(expanded).toEqual({
      input: { stdin: {}, processors: [there] },
      pipeline: { processors: [{ branch: { processors: [there] } }, { mapping: 'root = this' }] },
      output: { broker: { outputs: [{ drop: {}, processors: [there] }] } },
      processor_resources: [there],
    })
    expect(config.input.processors).toEqual([here])
  })

  test('judges its fields at the place where they are written', async () => {
    const all = templates(DROPPED)
    expect(await wrong(used({ message: 'a' }), all)).toEqual([])
    expect(await wrong(used({ mesage: 'a', level: 'LOUD' }), all)).toEqual([
      'pipeline.processors.0.log_and_drop.mesage: unknown field "mesage"',
      'pipeline.processors.0.log_and_drop.level: expected "INFO" or "WARN", got string "LOUD"',
      'pipeline.processors.0.log_and_drop: missing field "message"',
    ])
  })

  test('tells what is wrong with what it makes where it is used, and says so', async () => {
    const all = templates({ name: 'odd', type: 'output', mapping: 'root.drops = {}' })
    expect(await wrong({ output: { odd: {} } }, all)).toEqual([
      'output.odd: in what the template odd makes of this: drops: there is no output named "drops"',
    ])
    const failing = templates({ name: 'odd', type: 'output', mapping: 'root = this.a.uppercase()' })
    expect(await wrong({ output: { odd: {} } }, failing)).toEqual([
      expect.stringContaining('output.odd: the template odd makes nothing of this: failed'),
    ])
  })

  test('templates use templates, and none without end', async () => {
    const twice = { name: 'twice', type: 'processor', mapping: 'root.log_and_drop.message = "x"' }
    const { config } = await expandTemplates(
      { pipeline: { processors: [{ twice: {} }] } },
      templates(DROPPED, twice),
    )
    expect(JSON.stringify(config)).toContain('"message":"x"')
    const endless = { name: 'endless', type: 'processor', mapping: 'root.endless = {}' }
    expect(
      await wrong({ pipeline: { processors: [{ endless: {} }] } }, templates(endless)),
    ).toEqual([
      expect.stringContaining(`templates are nested more than ${TEMPLATE_DEPTH_MAX} deep`),
    ])
  })

  test('keeps what stands beside it', async () => {
    const all = templates({
      name: 'twice',
      type: 'input',
      mapping: 'root = {"stdin": {}, "processors": [{"noop": {}}]}',
    })
    const { config } = await expandTemplates(
      { input: { label: 'in', twice: {}, processors: [{ mapping: 'root = this' }] } },
      all,
    )
    expect(config).toEqual({
      input: { stdin: {}, label: 'in', processors: [{ noop: {} }, { mapping: 'root = this' }] },
    })
  })
})

describe('readTemplate', () => {
  test('refuses what is none, at its place', () => {
    const of = (value: unknown) =>
      readTemplate(value).problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
    expect(of({ name: 'drop', type: 'output', mapping: 'root = this' })).toEqual([
      'name: there is a component output drop already',
    ])
    expect(of({ name: 'A b', type: 'output', mapping: 'root = this' })).toEqual([
      'name: expected a name of small letters, digits and "_", got "A b"',
    ])
    expect(of({ name: 'a', type: 'outputs', mapping: 'root =' })).toEqual([
      expect.stringContaining('type: expected'),
      expect.stringMatching(/^mapping: /),
    ])
    const fields = [
      { name: 'x', type: 'int' },
      { name: 'x', type: 'int' },
    ]
    expect(of({ name: 'a', type: 'output', mapping: 'root = this', fields })).toEqual([
      'fields.1.name: the field x is there already',
    ])
    expect(of([])).toEqual([': expected a template, got a list'])
  })
})

describe('runTemplateTests', () => {
  test('compares what is made, and inspects it', async () => {
    const { template } = readTemplate({
      ...DROPPED,
      mapping: 'root.logs.message = this.message',
      tests: [
        { name: 'differs', config: { message: 'a' }, expected: { log: { message: 'a' } } },
        { name: 'is not sound', config: { message: 'a' } },
        { name: 'is not taken', config: {} },
      ],
    })
    const results = await runTemplateTests(template as Template, new Map())
    expect(results.map(({ failures }) => failures.map(({ message }) => message))).toEqual([
      ['the config that is made differs'],
      ['the config that is made is not sound'],
      ['missing field "message"'],
    ])
  })
})
