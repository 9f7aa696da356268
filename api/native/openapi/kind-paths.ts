/** The paths and schemas of the five kinds, derived from their definitions. */
import type { KindDefinition } from '../../../crds/kind.ts'
import { objectSchema } from '../../../crds/manifest.ts'
import { GROUP, VERSION } from '../../../crds/resource.ts'
import { BASE } from '../context.ts'
import { SERVED_KINDS } from '../kinds.ts'
import { META, SCALE } from './meta-schemas.ts'
import type { GroupVersionKind, Operation, PathAnswer, PathItem, PathItems } from './path-item.ts'
import { flag, integer, type OpenApiSchema, reference, text } from './schema.ts'

const JSON_OR_YAML = ['application/json', 'application/yaml']
export const PATCH_TYPES: readonly string[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
]

const LIST_QUERY: Readonly<Record<string, OpenApiSchema>> = {
  limit: integer('At most so many; 0 is all.'),
  continue: text('What a page answered, for the next one.'),
  labelSelector: text('Labels that the objects have, such as team=north,tier!=gold.'),
  fieldSelector: text('Fields that the objects have: metadata.name, metadata.namespace.'),
  resourceVersion: text('For a watch: where it begins.'),
  resourceVersionMatch: text('NotOlderThan, beside sendInitialEvents.'),
  watch: flag('Answers every change from now on, a line of JSON each.'),
  allowWatchBookmarks: flag('A watch says now and then how far it is.'),
  sendInitialEvents: flag('A watch begins with what is there.'),
  timeoutSeconds: integer('A watch ends after so long.'),
}
const WRITE_QUERY: Readonly<Record<string, OpenApiSchema>> = {
  dryRun: text('All: everything is judged, and nothing is changed.'),
  fieldManager: text('Who writes; what the User-Agent begins with where absent.'),
  fieldValidation: text(
    'Strict refuses fields that are unknown or twice there, Warn warns of them, Ignore drops them.',
  ),
}
const DELETE_QUERY: Readonly<Record<string, OpenApiSchema>> = {
  dryRun: text('All: nothing is deleted.'),
  propagationPolicy: text('Is accepted; nothing here has dependents that it would delete.'),
  gracePeriodSeconds: integer('Is accepted; a delete takes effect at once.'),
}
const FORCE = flag('Takes over the fields that others wrote with server-side apply.')

export const KIND_PATHS: PathItems = Object.fromEntries(SERVED_KINDS.flatMap(pathsOf))

export const KIND_SCHEMAS: Readonly<Record<string, OpenApiSchema>> = Object.fromEntries(
  SERVED_KINDS.flatMap((definition) => [
    [schemaName(definition.kind), kindSchema(definition)],
    [schemaName(`${definition.kind}List`), listSchema(definition)],
  ]),
)

function schemaName(kind: string): string {
  return `dev.headgate.${VERSION}.${kind}`
}

function kindSchema(definition: KindDefinition): OpenApiSchema {
  const schema = objectSchema(definition)
  const properties = schema['properties'] as Readonly<Record<string, OpenApiSchema>>
  const { apiVersion, kind } = properties
  return {
    ...schema,
    properties: {
      ...properties,
      apiVersion: { ...apiVersion, description: `${GROUP}/${VERSION}.` },
      kind: { ...kind, description: `${definition.kind}.` },
      metadata: {
        description: 'What names the object, and what the server knows of it.',
        allOf: [reference(`${META}.ObjectMeta`)],
      },
    },
    'x-kubernetes-group-version-kind': [gvk(definition.kind)],
  }
}

function listSchema({ kind }: KindDefinition): OpenApiSchema {
  return {
    type: 'object',
    description: `Several of ${kind}.`,
    required: ['items'],
    properties: {
      apiVersion: text(`${GROUP}/${VERSION}.`),
      kind: text(`${kind}List.`),
      metadata: { allOf: [reference(`${META}.ListMeta`)] },
      items: { type: 'array', items: reference(schemaName(kind)) },
    },
    'x-kubernetes-group-version-kind': [gvk(`${kind}List`)],
  }
}

function gvk(kind: string): GroupVersionKind {
  return { group: GROUP, version: VERSION, kind }
}

function pathsOf(definition: KindDefinition): readonly (readonly [string, PathItem])[] {
  const { kind, plural, scale } = definition
  const of = gvk(kind)
  const schema = reference(schemaName(kind))
  const lists = reference(schemaName(`${kind}List`))
  const made: PathAnswer = { description: 'As it is now.', schema }
  const done = { 200: made }
  const list: Operation = {
    summary: `Lists or watches objects of kind ${kind}.`,
    query: LIST_QUERY,
    answers: { 200: { description: 'A page.', schema: lists } },
    action: 'list',
    of,
  }
  const get: Operation = { summary: `Reads one ${kind}.`, answers: done, action: 'get', of }
  const refused: Operation = { summary: 'Is refused: the server alone writes it.', answers: {} }
  const collection = `${BASE}/namespaces/{namespace}/${plural}`
  return [
    [
      `${BASE}/${plural}`,
      { get: list, post: refused, put: refused, patch: refused, delete: refused },
    ],
    [
      collection,
      {
        get: list,
        post: write('post', `Creates a ${kind}.`, of, schema, { ...done, 201: made }),
        delete: {
          summary: `Deletes each ${kind} that is selected.`,
          query: { ...LIST_QUERY, ...DELETE_QUERY },
          body: reference(`${META}.DeleteOptions`),
          answers: { 200: { description: 'What was deleted.', schema: lists } },
          action: 'deletecollection',
          of,
        },
        put: refused,
        patch: refused,
      },
    ],
    [
      `${collection}/{name}`,
      {
        get,
        put: write('put', `Replaces a ${kind}.`, of, schema, done),
        patch: {
          ...write('patch', `Changes or applies a ${kind}.`, of, reference(`${META}.Patch`), {
            ...done,
            201: made,
          }),
          query: { ...WRITE_QUERY, force: FORCE },
          bodyTypes: PATCH_TYPES,
        },
        delete: {
          summary: `Deletes a ${kind}, at once.`,
          query: DELETE_QUERY,
          body: reference(`${META}.DeleteOptions`),
          answers: { 200: { description: 'It is gone.', schema: reference(`${META}.Status`) } },
          action: 'delete',
          of,
        },
        post: refused,
      },
    ],
    [
      `${collection}/{name}/status`,
      { get, put: refused, patch: refused, post: refused, delete: refused },
    ],
    ...(scale === undefined ? [] : [scalePath(`${collection}/{name}/scale`, kind)]),
  ]
}

function scalePath(path: string, kind: string): readonly [string, PathItem] {
  const of = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
  const schema = reference(SCALE)
  const answers = { 200: { description: 'As it is now.', schema } }
  const summary = `Says how many shards a ${kind} has.`
  return [
    path,
    {
      get: { summary, answers, action: 'get', of },
      put: write('put', `Changes how many shards a ${kind} has.`, of, schema, answers),
      patch: {
        ...write(
          'patch',
          `Changes how many shards a ${kind} has.`,
          of,
          reference(`${META}.Patch`),
          answers,
        ),
        bodyTypes: PATCH_TYPES,
      },
    },
  ]
}

function write(
  action: 'post' | 'put' | 'patch',
  summary: string,
  of: GroupVersionKind,
  body: OpenApiSchema,
  answers: Operation['answers'],
): Operation {
  return { summary, query: WRITE_QUERY, body, bodyTypes: JSON_OR_YAML, answers, action, of }
}
