/**
 * The schemas of everything that a person may write, with the bodies of components resolved: one tree that `explain`
 * walks and from which `schema` writes what editors complete from.
 */
import { configSchema } from '../controllers/config/config-schema.ts'
import type { FieldSchema } from '../crds/field-form.ts'
import { kinds } from '../crds/kinds.ts'
import { API_VERSION, type Kind } from '../crds/resource.ts'
import type { ComponentDefinition, Role } from '../engine/pipelines/component.ts'
import { componentNames, loadComponent } from '../engine/pipelines/component-registry.ts'
import { outputSchema } from '../engine/pipelines/output-fields.ts'

export const ROLES: readonly Role[] = [
  'input',
  'buffer',
  'processor',
  'output',
  'cache',
  'rate_limit',
]

export interface ResolvedSchemas {
  readonly specs: Readonly<Record<Kind, FieldSchema>>
  /** headgate.yaml. */
  readonly config: FieldSchema
  /** What `#/$defs/…` names: each role, and each component as `role.name`. */
  readonly definitions: ReadonlyMap<string, FieldSchema>
  readonly components: ReadonlyMap<string, ComponentDefinition>
}

export async function resolveSchemas(): Promise<ResolvedSchemas> {
  const definitions = new Map<string, FieldSchema>()
  const components = new Map<string, ComponentDefinition>()
  for (const role of ROLES) {
    const names = [...componentNames(role)].sort()
    definitions.set(role, roleSchema(role, names))
    for (const name of names) {
      const definition = await loadComponent(role, name)
      if (definition === undefined) continue
      components.set(`${role}.${name}`, definition)
      definitions.set(`${role}.${name}`, componentSchema(definition))
    }
  }
  const specs = Object.fromEntries(
    Object.values(kinds).map(({ kind, spec }) => [kind, spec as FieldSchema]),
  ) as Record<Kind, FieldSchema>
  return {
    specs: { ...specs, Pipeline: pipelineSpec(specs.Pipeline) },
    config: configSchema as FieldSchema,
    definitions,
    components,
  }
}

const TEXTS: FieldSchema = { type: 'object', additionalProperties: { type: 'string' } }

/** What stands around every spec. */
export const ENVELOPE: Readonly<Record<'apiVersion' | 'metadata' | 'status', FieldSchema>> = {
  apiVersion: { const: API_VERSION, description: 'The group and version of all kinds.' },
  metadata: {
    type: 'object',
    description: 'What it is called.',
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        description: 'Lower-case letters, digits, "-" and "."; unique per namespace and kind.',
      },
      namespace: { type: 'string', description: 'Where it lives; `default` where absent.' },
      labels: { ...TEXTS, description: 'Words to select it by.' },
      annotations: { ...TEXTS, description: 'Notes of tools.' },
    },
  },
  status: { type: 'object', description: 'What is; written by Headgate.' },
}

/** The schema itself, or what it refers to. */
export function dereference(schema: FieldSchema, { definitions }: ResolvedSchemas): FieldSchema {
  if (schema.$ref === undefined) return schema
  return definitions.get(schema.$ref.replace('#/$defs/', '')) ?? schema
}

function reference(name: string): FieldSchema {
  return { $ref: `#/$defs/${name}` }
}

/** One component by its name, and what may stand beside it. */
function roleSchema(role: Role, names: readonly string[]): FieldSchema {
  const common: Record<string, FieldSchema> = {
    label: { type: 'string', description: 'Its name in logs and metrics.' },
    type: {
      type: 'string',
      enum: names,
      description: 'Which component it is, where more than one is written.',
    },
    resource: {
      type: 'string',
      description: `The label of an entry of \`${role}_resources\`, in place of a component.`,
    },
  }
  if (role === 'input' || role === 'output') {
    common['processors'] = {
      type: 'array',
      items: reference('processor'),
      description: `What happens to messages ${role === 'input' ? 'as they come in' : 'before they go out'}.`,
    }
  }
  if (role === 'buffer' || role === 'cache' || role === 'rate_limit') delete common['resource']
  const properties = Object.fromEntries(names.map((name) => [name, reference(`${role}.${name}`)]))
  return {
    type: 'object',
    description: `One ${role} by its name, with its config.`,
    properties: { ...properties, ...common },
    additionalProperties: false,
  }
}

function componentSchema(definition: ComponentDefinition): FieldSchema {
  const config = definition.role === 'output' ? outputSchema(definition) : definition.config
  const schema = nested(config as unknown as FieldSchema)
  return { ...schema, description: definition.summary }
}

/** Lists of components within a component, and its objects closed. */
function nested(schema: FieldSchema): FieldSchema {
  const kind = schema['x-headgate']
  if (kind === 'processors') return { ...schema, items: reference('processor') }
  if (kind === 'branch_labels') return { ...schema, items: { type: 'string' } }
  if (kind === 'outputs') return { ...schema, items: reference('output') }
  if (kind === 'inputs') return { ...schema, items: reference('input') }
  if (kind === 'output' || kind === 'input') {
    return {
      ...reference(kind),
      ...(schema.description === undefined ? {} : { description: schema.description }),
    }
  }
  return {
    ...schema,
    ...(schema.properties === undefined
      ? {}
      : { properties: mapValues(schema.properties, nested), additionalProperties: false }),
    ...(schema.patternProperties === undefined
      ? {}
      : { patternProperties: mapValues(schema.patternProperties, nested) }),
    ...(schema.items === undefined ? {} : { items: nested(schema.items) }),
    ...(schema.anyOf === undefined ? {} : { anyOf: schema.anyOf.map(nested) }),
  }
}

function mapValues(
  schemas: Readonly<Record<string, FieldSchema>>,
  change: (schema: FieldSchema) => FieldSchema,
): Readonly<Record<string, FieldSchema>> {
  return Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, change(one)]))
}

/** The kind takes its components as they are written; here each is what its role may be. */
function pipelineSpec(spec: FieldSchema): FieldSchema {
  const properties: Record<string, FieldSchema> = { ...spec.properties }
  const described = (name: string, role: string): FieldSchema => {
    const description = properties[name]?.description
    return { ...reference(role), ...(description === undefined ? {} : { description }) }
  }
  for (const role of ['input', 'buffer', 'output']) properties[role] = described(role, role)
  for (const role of ['input', 'processor', 'output', 'cache', 'rate_limit']) {
    const name = `${role}_resources`
    properties[name] = { ...properties[name], items: reference(role) }
  }
  const { pipeline } = properties
  const processors = { ...pipeline?.properties?.['processors'], items: reference('processor') }
  properties['pipeline'] = { ...pipeline, properties: { ...pipeline?.properties, processors } }
  return { ...spec, properties }
}
