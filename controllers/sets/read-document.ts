/**
 * One document → what it declares: whose it is, what it is called, and what is wrong with it on its own. What it
 * means beside others is judged over the whole set.
 */

import type { KindDefinition } from '../../crds/kind.ts'
import { isKind, kinds } from '../../crds/kinds.ts'
import { PIPELINE_FIELDS_OF_OURS } from '../../crds/pipeline.ts'
import { API_VERSION, GROUP, type Identity, type Kind } from '../../crds/resource.ts'
import type { ConfigProblem, PipelineInspection } from '../../engine/pipelines/pipeline.ts'
import { OF_THE_PROCESS } from '../../engine/pipelines/spec.ts'
import { expandTemplates } from '../../engine/pipelines/templates/expand-templates.ts'
import { NO_TEMPLATES } from '../../engine/pipelines/templates/template.ts'
import { nearest } from '../../engine/suggest.ts'
import { checkSecrets } from './check-secrets.ts'
import type { Inspector } from './inspector.ts'
import { dropNulls, normalForm } from './normal-form.ts'
import { isMisspelt, isName, readMeta, slug } from './object-meta.ts'
import type { Place, Problem } from './problem.ts'
import { ProblemList } from './problem-list.ts'
import type { SourceText } from './source-text.ts'
import { checkSchema } from './spec-check.ts'
import { at, locate, plainValue, type Tree, textAt } from './tree.ts'
import { found } from './value-text.ts'

export type DocumentReading =
  | { readonly as: 'resource'; readonly declaration: Declaration }
  /** Ours or not to be told, and without an identity: what was meant is unknown. */
  | { readonly as: 'unidentified'; readonly problems: readonly Problem[] }
  /** A mapping with neither apiVersion nor kind. */
  | { readonly as: 'stranger'; readonly problem: Problem }
  | { readonly as: 'foreign'; readonly note: string }

/** An identified document, judged on its own. */
export interface Declaration {
  readonly identity: Identity
  readonly origin: Place
  readonly source: SourceText
  readonly tree: Tree
  /** Where the spec stands in the document: `['spec']`, or the root of a bare config. */
  readonly specPath: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Normalised as far as it is valid. */
  readonly spec: Readonly<Record<string, unknown>>
  readonly inspection: PipelineInspection | undefined
  readonly problems: readonly Problem[]
}

/** Stands for a name that is none while the rest of the document is judged. */
const UNNAMED = 'unnamed'

/** How far a group may be from ours and still be taken for a slip of the pen. */
const GROUP_SLIPS_MAX = 2

export async function readDocument(
  source: SourceText,
  tree: Tree,
  inspector: Inspector,
): Promise<DocumentReading> {
  const list = new ProblemList(source, tree)
  if (tree.kind !== 'map') {
    list.add({
      layer: 'schema',
      code: 'NotOurs',
      path: [],
      at: 'value',
      ...found('a mapping with apiVersion and kind', plainValue(tree)),
      hint:
        tree.kind === 'list'
          ? 'write each resource as a document of its own, with --- between them'
          : 'remove it, or name the file in .headgateignore',
    })
    return { as: 'unidentified', problems: list.problems }
  }
  const apiVersion = at(tree, ['apiVersion'])
  const kind = textAt(tree, ['kind'])
  if (apiVersion === undefined && at(tree, ['kind']) === undefined) return stranger(list)
  const group = textAt(tree, ['apiVersion'])?.split('/').slice(0, -1).join('/') ?? ''
  const ours = (kind !== undefined && isKind(kind)) || isNearOurs(group)
  if (kind !== undefined && textAt(tree, ['apiVersion']) !== undefined && !ours) {
    const { line } = source.place(locate(tree, [], 'key').start)
    return {
      as: 'foreign',
      note: `${source.file}:${line}: ignored ${textAt(tree, ['apiVersion'])} ${kind}`,
    }
  }
  const known = judgeType(tree, list)
  const meta = readMeta(tree, list)
  if (known === undefined) return { as: 'unidentified', problems: list.problems }
  const { name = UNNAMED, namespace = UNNAMED } = meta
  const identity = { kind: known, namespace, name }
  const declaration = await declare(list, tree, identity, meta, ['spec'], inspector)
  // A wrong name hides nothing that is wrong with the spec.
  if (meta.name === undefined || meta.namespace === undefined) {
    return { as: 'unidentified', problems: declaration.problems }
  }
  return { as: 'resource', declaration }
}

/** A Connect config without an envelope, named by its file. */
export async function readBareConfig(
  source: SourceText,
  tree: Tree,
  inspector: Inspector,
): Promise<DocumentReading> {
  const list = new ProblemList(source, tree)
  const id = bareId(source.file)
  const name = isName(id) ? id : slug(id)
  if (!isName(name)) {
    list.add({
      layer: 'schema',
      code: 'FieldInvalid',
      path: [],
      at: 'key',
      ...found('a file name that is a resource name', id),
      hint: `rename the file, for example to ${name || 'stream'}.yaml`,
    })
    return { as: 'unidentified', problems: list.problems }
  }
  const identity: Identity = { kind: 'Pipeline', namespace: 'default', name }
  const meta = { labels: {}, annotations: {} }
  const declaration = await declare(list, tree, identity, meta, [], inspector)
  const { spec } = declaration
  if (name === id || 'id' in spec) return { as: 'resource', declaration }
  return { as: 'resource', declaration: { ...declaration, spec: { ...spec, id } } }
}

/** As in streams mode: the path beneath the folder of streams, with its folders joined by `_`. */
function bareId(file: string): string {
  const folders = file.replace(/\.[^./]*$/, '').split('/')
  return folders.slice(folders.indexOf('streams') + 1).join('_')
}

/** The items of a List, or undefined where the document is none. */
export function itemsOf(tree: Tree): readonly Tree[] | undefined {
  const kind = textAt(tree, ['kind'])
  const apiVersion = textAt(tree, ['apiVersion'])
  const ours = apiVersion === API_VERSION && kind !== undefined && isKind(kind.replace(/List$/, ''))
  if (!(kind === 'List' && apiVersion === 'v1') && !(ours && kind.endsWith('List')))
    return undefined
  const items = at(tree, ['items'])
  return items?.kind === 'list' ? items.items : undefined
}

function stranger(list: ProblemList): DocumentReading {
  list.add({
    layer: 'schema',
    code: 'NotOurs',
    path: [],
    at: 'key',
    message: 'expected a resource with apiVersion and kind, got another mapping',
    hint: `add apiVersion: ${API_VERSION} and a kind, or name the file in .headgateignore`,
  })
  const [problem] = list.problems
  return problem === undefined ? { as: 'unidentified', problems: [] } : { as: 'stranger', problem }
}

/** The kind, or undefined where apiVersion or kind are not what they have to be. */
function judgeType(tree: Tree, list: ProblemList): Kind | undefined {
  const missing = ['apiVersion', 'kind'].filter(
    (field) => at(tree, [field]) === undefined && !isMisspelt(tree, field),
  )
  for (const field of missing) {
    const hint =
      field === 'kind'
        ? `add a kind: ${Object.keys(kinds).join(', ')}`
        : `add apiVersion: ${API_VERSION}`
    list.add({
      layer: 'schema',
      code: 'FieldMissing',
      path: [],
      at: 'key',
      message: `expected ${field}, got none`,
      hint,
    })
  }
  const apiVersion = at(tree, ['apiVersion'])
  const versionFits = textAt(tree, ['apiVersion']) === API_VERSION
  if (apiVersion !== undefined && !versionFits) {
    list.add({
      layer: 'schema',
      code: 'ApiVersionInvalid',
      path: ['apiVersion'],
      at: 'value',
      ...found(API_VERSION, plainValue(apiVersion)),
      hint: `write apiVersion: ${API_VERSION}`,
    })
  }
  const node = at(tree, ['kind'])
  if (node === undefined) return undefined
  const kind = plainValue(node)
  if (typeof kind === 'string' && isKind(kind)) return versionFits ? kind : undefined
  const meant = typeof kind === 'string' ? nearest(kind, Object.keys(kinds)) : undefined
  list.add({
    layer: 'schema',
    code: 'KindUnknown',
    path: ['kind'],
    at: 'value',
    ...found(`one of ${Object.keys(kinds).join(', ')}`, kind),
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
  })
  return undefined
}

interface Envelope {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

async function declare(
  list: ProblemList,
  tree: Tree,
  identity: Identity,
  { labels, annotations }: Envelope,
  specPath: readonly string[],
  inspector: Inspector,
): Promise<Declaration> {
  const definition = kinds[identity.kind]
  const written = specOf(tree, specPath, definition, list)
  const given = written === undefined ? undefined : dropNulls(definition.spec, written)
  const templates = (identity.kind === 'Pipeline' ? inspector.templates : undefined) ?? NO_TEMPLATES
  const expanded = await expandTemplates(given, templates)
  const dropped = expanded.config
  let spec: Readonly<Record<string, unknown>> = {}
  let inspection: PipelineInspection | undefined
  if (dropped !== undefined) {
    const judged = specPath.length === 0 ? withoutProcess(dropped) : dropped
    for (const problem of checkSchema(definition.spec, judged, specPath)) list.add(problem)
    const sound = !list.hasErrors
    if (isFields(dropped)) {
      for (const problem of checkSecrets(definition.spec, dropped, specPath)) list.add(problem)
      checkRules(definition, dropped, specPath, list)
      spec = sound
        ? (normalForm(definition.spec, judged) as Readonly<Record<string, unknown>>)
        : dropped
      const config = sound && identity.kind === 'Sink' ? spec : dropped
      inspection = await inspect(identity.kind, config, sound, inspector)
    }
  }
  const inspected = expanded.relocate(inspection?.problems ?? [])
  for (const problem of [...expanded.problems, ...inspected]) {
    addConfigProblem(problem, specPath, list)
  }
  const origin = list.source.place(locate(tree, [], 'key').start)
  const { problems, source } = list
  return {
    identity,
    origin,
    source,
    tree,
    specPath,
    labels,
    annotations,
    spec,
    inspection,
    problems,
  }
}

function specOf(
  tree: Tree,
  specPath: readonly string[],
  definition: KindDefinition,
  list: ProblemList,
): unknown {
  const node = at(tree, specPath)
  const value = node === undefined ? null : plainValue(node)
  if (value !== null) return value
  if (!definition.specRequired) return {}
  const path = node === undefined ? [] : specPath
  list.add({
    layer: 'schema',
    code: 'FieldMissing',
    path,
    at: 'key',
    message: 'expected spec, got none',
    expected: 'spec',
    hint: 'add a spec',
  })
  return undefined
}

function checkRules(
  definition: KindDefinition,
  spec: Readonly<Record<string, unknown>>,
  specPath: readonly string[],
  list: ProblemList,
): void {
  for (const rule of definition.rules) {
    for (const breach of rule.check(spec)) {
      const { expected, found, hint, at } = breach
      const path = [...specPath, ...breach.path]
      const message = `expected ${expected}, got ${found}`
      list.add({ layer: 'cel', code: 'RuleViolated', path, at, message, expected, found, hint })
    }
  }
}

/** A sink is inspected once its schema holds; a pipeline's components judge what they can in any case. */
async function inspect(
  kind: Kind,
  spec: Readonly<Record<string, unknown>>,
  sound: boolean,
  inspector: Inspector,
): Promise<PipelineInspection | undefined> {
  if (kind === 'Sink') return sound ? inspector.sink(spec) : undefined
  if (kind !== 'Pipeline') return undefined
  const ours: readonly string[] = PIPELINE_FIELDS_OF_OURS
  return inspector.pipeline(
    Object.fromEntries(Object.entries(spec).filter(([name]) => !ours.includes(name))),
  )
}

function addConfigProblem(
  { within, path, code, hint, ...problem }: ConfigProblem,
  specPath: readonly string[],
  list: ProblemList,
): void {
  list.add({
    ...problem,
    code,
    layer: 'component',
    path: [...specPath, ...path],
    ...(within === undefined ? {} : { inText: within }),
    ...(hint === undefined ? {} : { hint: asPart(hint) }),
  })
}

/** The engine writes sentences; in a report a hint goes on after `hint:`, whichever layer it is of. */
function asPart(sentence: string): string {
  const [first = '', second = ''] = sentence
  const starts = /\p{Lu}/u.test(first) && !/\p{Lu}/u.test(second)
  return `${starts ? first.toLowerCase() : first}${sentence.slice(1)}`.replace(/\.$/, '')
}

/** What a bare config may say of its whole process does not belong to the Pipeline. */
function withoutProcess(config: unknown): unknown {
  if (!isFields(config)) return config
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => !OF_THE_PROCESS.includes(name)),
  )
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Ours, or so near that nobody else's can be meant. */
function isNearOurs(group: string): boolean {
  return (
    group === GROUP ||
    (nearest(group, [GROUP]) !== undefined && editsApart(group) <= GROUP_SLIPS_MAX)
  )
}

function editsApart(group: string): number {
  let previous = Array.from({ length: GROUP.length + 1 }, (_, column) => column)
  for (const [row, letter] of [...group].entries()) {
    const current = [row + 1]
    for (let column = 1; column <= GROUP.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (GROUP[column - 1] === letter ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[GROUP.length] ?? 0
}
