/** What `explain` prints about a topic. */
import { effectOf } from '../controllers/plan/field-tables.ts'
import { type FieldSchema, formOf, valuesOf } from '../crds/field-form.ts'
import type { KindDefinition } from '../crds/kind.ts'
import { kinds } from '../crds/kinds.ts'
import { exampleOf } from './explain-example.ts'
import { type Child, childrenOf, type Topic } from './explain-topic.ts'
import { dereference, type ResolvedSchemas } from './resolved-schemas.ts'
import { serialised } from './serialised.ts'

const INDENT = '  '

export async function topicText(
  topic: Topic,
  resolved: ResolvedSchemas,
  recursive: boolean,
): Promise<string> {
  const { title, schema, kind, path, component, componentDepth } = topic
  const isWhole = kind !== undefined && path.length === 0
  const isComponent = component !== undefined && componentDepth === path.length
  const children = childrenOf(schema, resolved)
  const paragraphs = [
    isWhole ? kindHead(kinds[kind]) : `${title}\n${INDENT}${formLine(topic)}`,
    schema.description,
    isComponent ? component.description : undefined,
    changing(topic),
    rulesText(topic),
    children.length === 0
      ? undefined
      : `FIELDS\n${recursive ? treeText(children, resolved) : tableText(children, resolved)}`,
    isWhole || path.length > 0 ? await exampleText(topic, resolved) : undefined,
  ]
  return `${paragraphs.filter((one) => one !== undefined && one !== '').join('\n\n')}\n`
}

function kindHead({ kind, plural, shortNames }: KindDefinition): string {
  return `${kind} (${[plural, ...shortNames].join(', ')})`
}

function formLine({ schema, required }: Topic): string {
  return [formOf(schema), standing(schema, required)].filter((one) => one !== '').join('; ')
}

function standing(schema: FieldSchema, required: boolean): string {
  if (required) return 'required'
  return schema.default === undefined ? 'optional' : `default ${JSON.stringify(schema.default)}`
}

function changing({ kind, path, component }: Topic): string | undefined {
  if (kind !== undefined && path.length > 0 && path[0] !== 'status') {
    return `Changing it: ${effectOf(kind, path.join('.'))}`
  }
  return component === undefined ? undefined : `Changing it: ${effectOf('Pipeline', 'spec.input')}`
}

/** The rules that name the field; of a whole kind, all. */
function rulesText({ kind, path }: Topic): string | undefined {
  if (kind === undefined) return undefined
  const field = path[1]
  const messages = rulesOf(kinds[kind]).filter(
    ({ rule }) => field === undefined || new RegExp(`\\b(self|spec)\\.${field}\\b`).test(rule),
  )
  if (messages.length === 0 || (path.length > 0 && path[0] !== 'spec')) return undefined
  return `RULES\n${messages.map(({ message }) => `${INDENT}${message}`).join('\n')}`
}

function rulesOf(definition: KindDefinition): readonly { rule: string; message: string }[] {
  return [...definition.rules, ...definition.transitions]
}

function tableText(children: readonly Child[], resolved: ResolvedSchemas): string {
  const width = Math.max(...children.map(({ name }) => name.length))
  return children
    .map(({ name, schema, required }) => {
      const target =
        schema.$ref === undefined
          ? undefined
          : resolved.components.get(schema.$ref.replace('#/$defs/', ''))
      const form =
        target === undefined ? `${formOf(schema)}; ${standing(schema, required)}` : target.summary
      const lines = [
        form,
        ...(target === undefined && schema.description !== undefined ? [schema.description] : []),
      ]
      return lines
        .map((line, index) => `${INDENT}${(index === 0 ? name : '').padEnd(width)}  ${line}`)
        .join('\n')
    })
    .join('\n')
}

/** All fields beneath, without their meanings. What nests in itself is shown once. */
/** A role's components are opened once, where they stand by themselves: within one another they would never end. */
function treeText(
  children: readonly Child[],
  resolved: ResolvedSchemas,
  depth = 1,
  isWithin = false,
  opened: Set<string> = new Set(),
): string {
  return children
    .map(({ name, schema, required }) => {
      const isComponent = schema.$ref?.includes('.') === true
      const form = isComponent ? '' : ` <${formOf(schema)}>`
      const line = `${INDENT.repeat(depth)}${name}${form}${required ? ' required' : ''}`
      const roles = rolesIn(dereference(schema, resolved), schema)
      if (roles.length > 0 && (isWithin || roles.some((role) => opened.has(role)))) return line
      for (const role of roles) opened.add(role)
      const inner = childrenOf(schema, resolved)
      if (inner.length === 0) return line
      return `${line}\n${treeText(inner, resolved, depth + 1, isWithin || roles.length > 0, opened)}`
    })
    .join('\n')
}

/** Also of a component that is a list of processors and nothing else, and of components by names of their own. */
function rolesIn(...schemas: readonly FieldSchema[]): readonly string[] {
  return schemas
    .flatMap((one) => [one.$ref ?? '', one.items?.$ref ?? '', valuesOf(one)?.$ref ?? ''])
    .filter((reference) => reference !== '' && !reference.includes('.'))
}

async function exampleText(topic: Topic, resolved: ResolvedSchemas): Promise<string> {
  const yaml = await serialised(exampleOf(topic, resolved) as object, 'yaml')
  return `EXAMPLE\n${yaml.trimEnd().replaceAll(/^/gm, INDENT)}`
}
