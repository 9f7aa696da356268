/**
 * Finds what somebody asks `explain` about: a kind, a component, headgate.yaml, or a field anywhere beneath them. Lists
 * and maps need no step of their own: `StreamType.spec.properties.type` is the type of each property.
 */
import { type FieldSchema, valuesOf } from '../crds/field-form.ts'
import { kinds } from '../crds/kinds.ts'
import type { Kind } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { ERROR_CODES } from '../engine/error-codes.ts'
import type { ComponentDefinition } from '../engine/pipelines/component.ts'
import { nearest } from '../engine/suggest.ts'
import { declaredKind, kindNames } from './kind-names.ts'
import { dereference, ENVELOPE, type ResolvedSchemas, ROLES } from './resolved-schemas.ts'

export const CONFIG_FILE = 'headgate.yaml'

export interface Topic {
  /** As it should have been written: `Stream.spec.retention.age`. */
  readonly title: string
  readonly schema: FieldSchema
  readonly required: boolean
  /** From the topic's root, a component's own name included. */
  readonly path: readonly string[]
  /** For each step, whether it is one into the entries of a list. */
  readonly entries: readonly boolean[]
  /** Whose document it is part of. */
  readonly kind: Kind | undefined
  /** The innermost component that it is, or is part of, and how far its path reaches. */
  readonly component: ComponentDefinition | undefined
  readonly componentDepth: number
}

export interface Child {
  readonly name: string
  readonly schema: FieldSchema
  readonly required: boolean
}

/** The topic of a path such as `stream.spec.shards` or `input.http_server`, or an error that suggests one. */
export function findTopic(asked: string, resolved: ResolvedSchemas): Topic {
  const [root, steps] = rootOf(asked, resolved)
  let topic = root
  for (const [index, step] of steps.entries()) {
    // A field of the spec is found without its `spec`.
    const next =
      stepTo(topic, step, resolved) ??
      (index === 0 ? throughSpec(topic, step, resolved) : undefined)
    if (next === undefined) throw unknownField(topic, step, resolved)
    topic = next
  }
  return topic
}

/** The fields of an object, of a list's entries, of a map's values, or of any of several forms. */
export function childrenOf(schema: FieldSchema, resolved: ResolvedSchemas): readonly Child[] {
  const here = dereference(schema, resolved)
  if (here.properties !== undefined) {
    return Object.entries(here.properties).map(([name, one]) => ({
      name,
      schema: one,
      required: here.required?.includes(name) === true && one.default === undefined,
    }))
  }
  const inner = here.items ?? valuesOf(here)
  if (inner !== undefined) return childrenOf(inner, resolved)
  return (here.anyOf ?? []).flatMap((form) => childrenOf(form, resolved))
}

export function rootNames(): readonly string[] {
  return [...kindNames(), ...ROLES, CONFIG_FILE]
}

function rootOf(asked: string, resolved: ResolvedSchemas): readonly [Topic, readonly string[]] {
  const base = {
    path: [],
    entries: [],
    required: false,
    kind: undefined,
    component: undefined,
    componentDepth: 0,
  }
  if (asked.toLowerCase().startsWith(CONFIG_FILE)) {
    const root = { ...base, title: CONFIG_FILE, schema: resolved.config }
    return [root, stepsOf(asked.slice(CONFIG_FILE.length))]
  }
  const [first = '', ...steps] = stepsOf(asked)
  const kind = declaredKind(first)
  if (kind !== undefined)
    return [{ ...base, title: kind, kind, schema: documentOf(kind, resolved) }, steps]
  const role = ROLES.find((name) => [name, `${name}s`].includes(first.toLowerCase()))
  if (role === undefined) throw unknownRoot(first)
  return [{ ...base, title: role, schema: resolved.definitions.get(role) ?? {} }, steps]
}

function documentOf(kind: Kind, { specs }: ResolvedSchemas): FieldSchema {
  const { summary, specRequired } = kinds[kind]
  return {
    type: 'object',
    description: summary,
    required: ['apiVersion', 'kind', 'metadata', ...(specRequired ? ['spec'] : [])],
    properties: {
      apiVersion: ENVELOPE.apiVersion,
      kind: { const: kind, description: summary },
      metadata: ENVELOPE.metadata,
      spec: specs[kind],
      status: ENVELOPE.status,
    },
  }
}

/** `a.b[0].c` and `a.b.c` are the same field. */
function stepsOf(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((step) => step !== '' && !/^\d+$/.test(step))
}

function stepTo(topic: Topic, step: string, resolved: ResolvedSchemas): Topic | undefined {
  const children = childrenOf(topic.schema, resolved)
  const wanted = step.toLowerCase()
  const child =
    children.find(({ name }) => name === step) ??
    children.find(({ name }) => name.toLowerCase() === wanted)
  if (child === undefined) return namedByUsers(topic, step, resolved)
  const path = [...topic.path, child.name]
  const name = child.schema.$ref?.replace('#/$defs/', '') ?? ''
  const component = resolved.components.get(name)
  const { description } = child.schema
  const schema = dereference(child.schema, resolved)
  return {
    title: `${topic.title}.${child.name}`,
    schema: description === undefined ? schema : { ...schema, description },
    required: child.required,
    path,
    entries: [...topic.entries, dereference(topic.schema, resolved).items !== undefined],
    kind: topic.kind,
    component: component ?? topic.component,
    componentDepth: component === undefined ? topic.componentDepth : path.length,
  }
}

/** A key of a map is named by who writes it. */
function namedByUsers(topic: Topic, step: string, resolved: ResolvedSchemas): Topic | undefined {
  const values = valuesOf(topic.schema)
  if (values === undefined) return undefined
  const schema = dereference(values, resolved)
  return {
    ...topic,
    title: `${topic.title}.${step}`,
    path: [...topic.path, step],
    entries: [...topic.entries, false],
    schema,
    required: false,
  }
}

function throughSpec(topic: Topic, step: string, resolved: ResolvedSchemas): Topic | undefined {
  if (topic.kind === undefined) return undefined
  const spec = stepTo(topic, 'spec', resolved)
  return spec === undefined ? undefined : stepTo(spec, step, resolved)
}

function unknownRoot(name: string): HeadgateError {
  const meant = nearest(name, [...rootNames(), ...Object.keys(ERROR_CODES)])
  return new HeadgateError('Usage', `there is nothing called "${name}" to explain`, {
    hint:
      meant === undefined ? 'See what there is with: headgate explain' : `Did you mean ${meant}?`,
  })
}

function unknownField(topic: Topic, step: string, resolved: ResolvedSchemas): HeadgateError {
  const names = childrenOf(topic.schema, resolved).map(({ name }) => name)
  const within = topic.kind === undefined || topic.path.length > 0 ? [] : specNames(topic, resolved)
  const meant = nearest(step, [...names, ...within])
  const known = within.length > 0 ? within : names
  return new HeadgateError('Usage', `${topic.title} has no field "${step}"`, {
    hint:
      meant !== undefined
        ? `Did you mean ${meant}?`
        : known.length === 0
          ? `${topic.title} has no fields.`
          : `Fields are ${known.join(', ')}.`,
  })
}

function specNames(topic: Topic, resolved: ResolvedSchemas): readonly string[] {
  const spec = stepTo(topic, 'spec', resolved)
  return spec === undefined ? [] : childrenOf(spec.schema, resolved).map(({ name }) => name)
}
