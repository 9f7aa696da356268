/** Judges a document's envelope: names, labels and annotations as Kubernetes has them, and nothing unknown beside. */
import { NAME_LENGTH_MAX, NAME_PATTERN, NAME_TEXT } from '../../crds/field.ts'
import { isKind, kinds } from '../../crds/kinds.ts'
import { GROUP } from '../../crds/resource.ts'
import { nearest } from '../../engine/suggest.ts'
import type { ProblemList } from './problem-list.ts'
import { at, type Path, plainValue, type Tree, textAt } from './tree.ts'
import { found } from './value-text.ts'

export interface Meta {
  /** Undefined where it is missing or no name. */
  readonly name: string | undefined
  readonly namespace: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export const NAMESPACE_LENGTH_MAX = 63
export const NAMESPACE_TEXT: string = `a namespace of at most ${NAMESPACE_LENGTH_MAX} lower-case letters, digits and "-"`
export const LABEL_VALUE_LENGTH_MAX = 63
export const ANNOTATIONS_BYTES_MAX: number = 256 * 1024
const NAMESPACE_DEFAULT = 'default'
const MOVED_FROM = `${GROUP}/moved-from`

export const META_FIELDS: readonly string[] = ['name', 'namespace', 'labels', 'annotations']
const SERVER_FIELDS = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
]
const DOCUMENT_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status']
const NAME = new RegExp(NAME_PATTERN)
const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const KEY_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

export function readMeta(tree: Tree, list: ProblemList): Meta {
  judgeFields(tree, list)
  const metadata = at(tree, ['metadata'])
  const written = metadata?.kind === 'scalar' && metadata.value === null ? undefined : metadata
  if (written === undefined) {
    if (metadata === undefined && isMisspelt(tree, 'metadata')) return NOTHING
    list.add({
      ...SCHEMA_MISSING,
      path: metadata === undefined ? [] : ['metadata'],
      message: 'expected metadata with a name, got none',
      hint: 'add metadata: {name: …}',
    })
    return NOTHING
  }
  if (written.kind !== 'map') {
    const said = found('a mapping with a name', plainValue(written))
    list.add({ ...SCHEMA_INVALID, path: ['metadata'], ...said, hint: 'write metadata: {name: …}' })
    return NOTHING
  }
  judgeMetadataFields(
    written.entries.map(({ key }) => key),
    list,
  )
  return {
    name: readName(tree, list),
    namespace: readNamespace(tree, list),
    labels: readTexts(tree, ['metadata', 'labels'], list),
    annotations: readAnnotations(tree, list),
  }
}

export function isName(name: string): boolean {
  return name.length <= NAME_LENGTH_MAX && NAME.test(name)
}

const SCHEMA_MISSING = { layer: 'schema', code: 'FieldMissing', at: 'key' } as const
const SCHEMA_INVALID = { layer: 'schema', code: 'FieldInvalid', at: 'value' } as const
const NOTHING: Meta = { name: undefined, namespace: undefined, labels: {}, annotations: {} }

function judgeFields(tree: Tree, list: ProblemList): void {
  for (const { key } of tree.kind === 'map' ? tree.entries : []) {
    if (key === 'status') serverField([key], list)
    else if (!DOCUMENT_FIELDS.includes(key)) {
      unknownField([key], DOCUMENT_FIELDS, list, placeOf(key, textAt(tree, ['kind'])))
    }
  }
}

function judgeMetadataFields(keys: readonly string[], list: ProblemList): void {
  for (const key of keys) {
    if (SERVER_FIELDS.includes(key)) serverField(['metadata', key], list)
    else if (!META_FIELDS.includes(key)) unknownField(['metadata', key], META_FIELDS, list)
  }
}

/** Where a field belongs that stands at the top of a document. */
function placeOf(key: string, kind: string | undefined): string | undefined {
  if (META_FIELDS.includes(key)) return 'metadata'
  const fields = kind !== undefined && isKind(kind) ? kinds[kind].spec.properties : undefined
  return fields !== undefined && Object.hasOwn(fields, key) ? 'spec' : undefined
}

/** Whether a field is not there because its name is nearly right; that is told at the name. */
export function isMisspelt(tree: Tree, field: string): boolean {
  if (tree.kind !== 'map') return false
  return tree.entries.some(
    ({ key }) => !DOCUMENT_FIELDS.includes(key) && nearest(key, DOCUMENT_FIELDS) === field,
  )
}

function serverField(path: Path, list: ProblemList): void {
  list.add({
    layer: 'schema',
    code: 'ServerField',
    severity: 'warning',
    path,
    at: 'key',
    message: `${path.join('.')} is set by the server and ignored here`,
    hint: 'remove it',
  })
}

function unknownField(
  path: Path,
  known: readonly string[],
  list: ProblemList,
  place?: string,
): void {
  const name = String(path.at(-1))
  const meant = place === undefined ? nearest(name, known) : undefined
  const advice =
    place === undefined ? `its fields are ${known.join(', ')}` : `write it beneath ${place}`
  list.add({
    layer: 'schema',
    code: 'FieldUnknown',
    path,
    at: 'key',
    message: `there is no field ${name} in ${path.length > 1 ? path.slice(0, -1).join('.') : 'a resource'}`,
    expected: `one of ${known.join(', ')}`,
    found: name,
    hint: meant === undefined ? advice : `did you mean ${meant}?`,
  })
}

function readName(tree: Tree, list: ProblemList): string | undefined {
  const node = at(tree, ['metadata', 'name'])
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) {
    list.add({
      ...SCHEMA_MISSING,
      path: ['metadata'],
      message: 'expected metadata.name, got none',
      hint: 'add a name',
    })
    return undefined
  }
  const name = plainValue(node)
  if (typeof name === 'string' && isName(name)) return name
  const hint = typeof name === 'string' ? nameHint(name) : quoteHint(name)
  const expected = `a name of at most ${NAME_LENGTH_MAX} characters (${NAME_TEXT})`
  list.add({ ...SCHEMA_INVALID, path: ['metadata', 'name'], ...found(expected, name), ...hint })
  return undefined
}

/** What somebody who wrote an impossible name could write, unless that says nothing. */
function nameHint(name: string): { readonly hint?: string } {
  if (name.includes('${')) return { hint: 'a name has no variables; write it out' }
  const near = slug(name)
  return near === '' || near.length > NAME_LENGTH_MAX ? {} : { hint: `write ${near}` }
}

/** The nearest name that a text can become; empty where nothing of it can stand in one. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/-*\.[-.]*/g, '.')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
}

function quoteHint(value: unknown): { readonly hint?: string } {
  const scalar = typeof value === 'number' || typeof value === 'boolean'
  return scalar ? { hint: 'put it in quotes' } : {}
}

function readNamespace(tree: Tree, list: ProblemList): string | undefined {
  const node = at(tree, ['metadata', 'namespace'])
  const namespace = node === undefined ? null : plainValue(node)
  if (namespace === null) return NAMESPACE_DEFAULT
  if (isNamespace(namespace)) return namespace
  const told = found(NAMESPACE_TEXT, namespace)
  list.add({ ...SCHEMA_INVALID, path: ['metadata', 'namespace'], ...told, ...quoteHint(namespace) })
  return undefined
}

export function isNamespace(value: unknown): value is string {
  return typeof value === 'string' && value.length <= NAMESPACE_LENGTH_MAX && NAMESPACE.test(value)
}

function readTexts(tree: Tree, path: Path, list: ProblemList): Readonly<Record<string, string>> {
  const node = at(tree, path)
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return {}
  if (node.kind !== 'map') {
    list.add({ ...SCHEMA_INVALID, path, ...found('a mapping of text to text', plainValue(node)) })
    return {}
  }
  const result: Record<string, string> = {}
  for (const { key, value } of node.entries) {
    judgeKey([...path, key], key, list)
    const text = plainValue(value)
    if (typeof text !== 'string') {
      list.add({
        ...SCHEMA_INVALID,
        path: [...path, key],
        ...found('text', text),
        ...(text === null ? { hint: 'write "" for an empty text' } : quoteHint(text)),
      })
      continue
    }
    result[key] = text
    const label = path[1] === 'labels'
    if (label && (text.length > LABEL_VALUE_LENGTH_MAX || !LABEL_VALUE.test(text))) {
      const expected = `a label value of at most ${LABEL_VALUE_LENGTH_MAX} letters, digits, "-", "_" and "."`
      list.add({ ...SCHEMA_INVALID, path: [...path, key], ...found(expected, text) })
    }
  }
  return result
}

function judgeKey(path: Path, key: string, list: ProblemList): void {
  const slash = key.lastIndexOf('/')
  const prefix = slash < 0 ? undefined : key.slice(0, slash)
  if (KEY_NAME.test(key.slice(slash + 1)) && (prefix === undefined || isName(prefix))) return
  list.add({
    ...SCHEMA_INVALID,
    at: 'key',
    path,
    ...found('a key such as team or example.com/team', key),
  })
}

function readAnnotations(tree: Tree, list: ProblemList): Readonly<Record<string, string>> {
  const path = ['metadata', 'annotations']
  const annotations = readTexts(tree, path, list)
  const bytes = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
  if (bytes > ANNOTATIONS_BYTES_MAX) {
    const message = `expected at most ${ANNOTATIONS_BYTES_MAX} bytes of annotations, got ${bytes}`
    list.add({ ...SCHEMA_INVALID, at: 'key', path, message })
  }
  for (const [key, text] of Object.entries(annotations)) {
    if (key === MOVED_FROM) judgeMovedFrom([...path, key], text, tree, list)
    else judgeOwnAnnotation([...path, key], key, list)
  }
  return annotations
}

/**
 * An annotation of ours asks for something; what is not known is told, for it may be misspelt. Kubernetes accepts any
 * annotation, so this is not its schema's verdict.
 */
function judgeOwnAnnotation(path: Path, key: string, list: ProblemList): void {
  if (!key.startsWith(`${GROUP}/`)) return
  const meant = nearest(key, [MOVED_FROM])
  list.add({
    layer: 'reference',
    code: 'FieldUnknown',
    severity: 'warning',
    path,
    at: 'key',
    message: `there is no annotation ${key}; it has no effect`,
    hint: meant === undefined ? 'remove it' : `did you mean ${meant}?`,
  })
}

/** A rename that is not understood would begin an empty stream beside the old one, so it is an error. */
function judgeMovedFrom(path: Path, former: string, tree: Tree, list: ProblemList): void {
  const kind = textAt(tree, ['kind'])
  const invalid = { layer: 'reference', code: 'FieldInvalid', path } as const
  if (kind !== 'Stream') {
    list.add({
      ...invalid,
      at: 'key',
      message: `expected ${MOVED_FROM} on a Stream only, got it on a ${kind ?? 'resource without a kind'}`,
      hint: 'remove it: nothing but a Stream has data that a new name could take along',
    })
  } else if (!isName(former)) {
    const expected = 'the name that the Stream had, without its namespace'
    list.add({
      ...invalid,
      at: 'value',
      ...found(expected, former),
      ...nameHint(former.slice(former.lastIndexOf('/') + 1)),
    })
  } else if (former === textAt(tree, ['metadata', 'name'])) {
    const message = `expected the name that the Stream had before, got the one that it has: ${former}`
    list.add({ ...invalid, at: 'value', message, hint: 'write the former name, or remove it' })
  }
}
