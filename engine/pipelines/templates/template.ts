/**
 * A template: a component that is made of others. Its file says what fields it takes, and a Bloblang mapping makes a
 * config of them. The format is Connect's.
 */
import { type TObject, type TSchema, Type } from '../../../crds/typebox.ts'
import { bloblangProblems } from '../bloblang-fields.ts'
import type { Role } from '../component.ts'
import { isRecord, kindOf, problem } from '../component-config.ts'
import { isComponent } from '../component-registry.ts'
import { checkConfig, conformConfig } from '../config-check.ts'
import { mappingField } from '../fields.ts'
import type { ConfigProblem } from '../pipeline.ts'

export interface Template {
  readonly name: string
  readonly role: Role
  readonly summary: string
  readonly mapping: string
  /** What its users may write beneath its name. */
  readonly config: TSchema
  readonly tests: readonly TemplateTest[]
}

export interface TemplateTest {
  readonly name: string
  readonly config: unknown
  /** What comes out of the mapping; where absent, anything that is sound. */
  readonly expected: unknown
  readonly label: string
}

/** By role and name, `processor log_and_drop`. */
export type Templates = ReadonlyMap<string, Template>

export const NO_TEMPLATES: Templates = new Map()

const ROLES: readonly Role[] = ['input', 'buffer', 'processor', 'output', 'cache', 'rate_limit']
const NAME = /^[a-z0-9]+(?:_[a-z0-9]+)*$/

const choice = (values: readonly string[], description: string, byDefault?: string): TSchema =>
  Type.Unsafe({
    type: 'string',
    enum: values,
    description,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  })

const fieldSchema: TObject = Type.Object({
  name: Type.String({ minLength: 1, description: 'What its users write.' }),
  description: Type.String({ default: '', description: 'What it means.' }),
  type: choice(['string', 'int', 'float', 'bool', 'unknown'], 'What it takes.'),
  kind: choice(['scalar', 'list', 'map'], 'How many of it.', 'scalar'),
  default: Type.Optional(Type.Unknown({ description: 'What it is where nobody writes it.' })),
  options: Type.Array(Type.String(), { default: [], description: 'What it may be.' }),
  advanced: Type.Boolean({ default: false, description: 'Whether few have to know it.' }),
})

const testSchema: TObject = Type.Object({
  name: Type.String({ minLength: 1, description: 'What it shows.' }),
  config: Type.Unknown({ default: {}, description: 'What a user writes beneath the name.' }),
  expected: Type.Optional(Type.Unknown({ description: 'The config that is made of it.' })),
  label: Type.String({ default: '', description: 'The label that the user gives.' }),
})

const templateSchema: TObject = Type.Object({
  name: Type.String({ minLength: 1, description: 'How the component is called.' }),
  type: choice(ROLES, 'What it is.'),
  status: choice(['stable', 'beta', 'experimental'], 'How sure it is.', 'stable'),
  summary: Type.String({ default: '', description: 'One sentence.' }),
  description: Type.String({ default: '', description: 'More.' }),
  categories: Type.Array(Type.String(), { default: [], description: 'Words to find it by.' }),
  fields: Type.Array(fieldSchema, { default: [], description: 'What it takes.' }),
  mapping: mappingField({ description: 'Makes a config of an object with the fields.' }),
  metrics_mapping: Type.String({ default: '', description: 'Not supported.' }),
  tests: Type.Array(testSchema, { default: [], description: 'Tests of the mapping.' }),
})

interface FieldDefinition {
  readonly name: string
  readonly description: string
  readonly type: 'string' | 'int' | 'float' | 'bool' | 'unknown'
  readonly kind: 'scalar' | 'list' | 'map'
  readonly default?: unknown
  readonly options: readonly string[]
}

interface TemplateFile {
  readonly name: string
  readonly type: Role
  readonly summary: string
  readonly fields: readonly FieldDefinition[]
  readonly mapping: string
  readonly tests: readonly TemplateTest[]
}

export interface TemplateReading {
  /** Undefined where it has an error. */
  readonly template: Template | undefined
  readonly problems: readonly ConfigProblem[]
}

export function readTemplate(value: unknown): TemplateReading {
  const problems: ConfigProblem[] = []
  if (!isRecord(value)) {
    const message = `expected a template, got ${kindOf(value)}`
    return { template: undefined, problems: [problem({ path: [], at: 'value', message })] }
  }
  checkConfig(templateSchema, value, [], {
    problem: (found) => problems.push(found),
    field: (kind, text, path) => {
      if (kind === 'mapping' && typeof text === 'string') {
        problems.push(...bloblangProblems(kind, text, path))
      }
    },
  })
  if (problems.some(isError)) return { template: undefined, problems }
  const file = conformConfig(templateSchema, value) as TemplateFile
  problems.push(...judge(file, value))
  if (problems.some(isError)) return { template: undefined, problems }
  const { name, type, summary, mapping, tests } = file
  const template = { name, role: type, summary, mapping, config: configOf(file), tests }
  return { template, problems }
}

function isError({ severity }: ConfigProblem): boolean {
  return severity === 'error'
}

function judge(
  { name, type, fields }: TemplateFile,
  written: Readonly<Record<string, unknown>>,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const at = { path: ['name'], at: 'value' } as const
  if (!NAME.test(name)) {
    const message = `expected a name of small letters, digits and "_", got ${JSON.stringify(name)}`
    problems.push(problem({ ...at, message }))
  } else if (isComponent(type, name)) {
    const message = `there is a component ${type} ${name} already`
    problems.push(problem({ ...at, message, hint: 'Give it another name.' }))
  }
  const seen = new Set<string>()
  for (const [index, field] of fields.entries()) {
    if (seen.has(field.name)) {
      const message = `the field ${field.name} is there already`
      problems.push(problem({ path: ['fields', index, 'name'], at: 'value', message }))
    }
    seen.add(field.name)
  }
  if (written['metrics_mapping'] !== undefined && written['metrics_mapping'] !== '') {
    const message =
      'metrics_mapping is not supported: metrics keep the names that Connect gives them'
    const hint =
      'Leave it out. Metrics carry the labels and paths of the components that a template makes.'
    problems.push(problem({ path: ['metrics_mapping'], at: 'key', message, hint }))
  }
  return problems
}

const TYPES = { string: 'string', int: 'integer', float: 'number', bool: 'boolean' } as const

function configOf({ fields }: TemplateFile): TSchema {
  return Type.Object(Object.fromEntries(fields.map((field) => [field.name, schemaOf(field)])))
}

function schemaOf(field: FieldDefinition): TSchema {
  const { type, kind, options, description } = field
  const one = {
    ...(type === 'unknown' ? {} : { type: TYPES[type] }),
    ...(options.length === 0 ? {} : { enum: options }),
  }
  const shape =
    kind === 'list'
      ? { type: 'array', items: one }
      : kind === 'map'
        ? { type: 'object', patternProperties: { '^.*$': one } }
        : one
  const byDefault = 'default' in field ? { default: field.default } : {}
  return Type.Unsafe({ ...shape, description, ...byDefault })
}
