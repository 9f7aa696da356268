/**
 * One write of one object, from what a client sent to what is kept:
 *
 * 1. What the kind does not know is refused, warned of or dropped, as the client asked.
 * 2. It has to be the object that the path names.
 * 3. Masked values become again what they stood for.
 * 4. What changed becomes its writer's in managedFields.
 * 5. The control plane judges it and keeps it.
 */
import type { FastifyReply } from 'fastify'
import { masked } from '../../../controllers/plan/mask.ts'
import type { WrittenObject } from '../../../controllers/resource-writes.ts'
import { rfc3339 } from '../../../controllers/status/conditions.ts'
import { withDefaults } from '../../../crds/defaults.ts'
import type { KindDefinition } from '../../../crds/kind.ts'
import { API_VERSION, type Identity, type ResourceObject } from '../../../crds/resource.ts'
import type { NativeContext } from '../context.ts'
import { LAST_APPLIED, maskApplied, maskObject } from '../mask.ts'
import { StatusError } from '../status.ts'
import { decodeManagers, encodeManagers, type Manager, managersAfterUpdate } from './managers.ts'
import { wholeSchema } from './object-schema.ts'
import { withoutUnknown } from './unknown-fields.ts'
import { unmask } from './unmask.ts'
import type { WriteOptions } from './write-options.ts'
import { invalid, refusalOf } from './write-status.ts'

export interface WriteTarget {
  readonly context: NativeContext
  readonly definition: KindDefinition
  readonly namespace: string
  readonly options: WriteOptions
  readonly reply: FastifyReply
}

type Fields = Readonly<Record<string, unknown>>

export interface Candidate extends Fields {
  readonly metadata: Fields
  readonly spec?: unknown
}

/** What is there before the write, secrets in the clear. */
export interface Current {
  readonly object: ResourceObject
  readonly managers: readonly Manager[]
}

export function currentOf(
  { context, definition, namespace }: WriteTarget,
  name: string,
): Current | undefined {
  const { resources, writes } = context.controlPlane
  const identity: Identity = { kind: definition.kind, namespace, name }
  const object = resources.get(definition.kind, namespace, name)
  if (object?.metadata.uid === undefined) return undefined
  const written = writes.written(identity)
  const clear = written === undefined ? object : inTheClear(object, written.object, definition)
  return { object: clear, managers: decodeManagers(written?.managedFields) }
}

function inTheClear(
  shown: ResourceObject,
  written: Fields,
  definition: KindDefinition,
): ResourceObject {
  const { labels, annotations } = (written['metadata'] ?? {}) as ResourceObject['metadata']
  const { labels: _labels, annotations: _annotations, ...metadata } = shown.metadata
  return {
    ...shown,
    metadata: {
      ...metadata,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: withDefaults(definition.spec, written['spec'] ?? {}),
  }
}

/** Steps 1 and 2. `during` says what was done, for the refusal of a patch. */
export function readCandidate(
  target: WriteTarget,
  value: unknown,
  duplicates: readonly string[],
  name: string | undefined,
  during: 'body' | 'patch' = 'body',
): Candidate {
  const { definition, namespace, options, reply } = target
  const { kind } = definition
  if (!isFields(value)) throw unrecognised(kind, 'expected an object')
  if (typeof value['kind'] !== 'string' || value['kind'] === '')
    throw unrecognised(kind, "Object 'Kind' is missing")
  if (value['apiVersion'] !== API_VERSION) {
    const version = String(value['apiVersion'] ?? '')
    const message = `the API version in the data (${version}) does not match the expected API version (${API_VERSION})`
    throw new StatusError(400, 'BadRequest', message)
  }
  const metadata = isFields(value['metadata']) ? value['metadata'] : {}
  const given = String(metadata['name'] ?? '')
  if (value['kind'] !== kind) {
    const message = `Invalid value: ${JSON.stringify(value['kind'])}: must be ${kind}`
    throw invalid({ kind: value['kind'], plural: '', name: given }, [
      { reason: 'FieldValueInvalid', message, field: 'kind' },
    ])
  }
  const { value: known, unknown } = withoutUnknown(wholeSchema(definition), value)
  judgeFields(duplicates, unknown, target, during)
  if (during === 'body') warnOfUnkept(metadata, reply)
  const expected = metadata['namespace'] ?? namespace
  if (expected !== namespace) {
    const message =
      'the namespace of the provided object does not match the namespace sent on the request'
    throw new StatusError(400, 'BadRequest', message)
  }
  if (name !== undefined && given !== '' && given !== name) {
    const message = `the name of the object (${given}) does not match the name on the URL (${name})`
    throw new StatusError(400, 'BadRequest', message)
  }
  const named = { ...metadata, name: name ?? given, namespace }
  return { ...(known as Fields), metadata: named, kind, apiVersion: API_VERSION } as Candidate

  function judgeFields(
    twice: readonly string[],
    strange: readonly string[],
    { options: { fieldValidation } }: WriteTarget,
    what: 'body' | 'patch',
  ): void {
    const faults = [
      ...twice.map((field) => `duplicate field "${field}"`),
      ...strange.map((field) => `unknown field "${field}"`),
    ]
    if (faults.length === 0 || fieldValidation === 'Ignore') return
    if (options.fieldValidation === 'Warn') {
      for (const fault of faults) warn(reply, fault)
      return
    }
    const message = `strict decoding error: ${faults.join(', ')}`
    if (what === 'patch')
      throw invalid({ kind, plural: '', name: name ?? given }, [
        { reason: 'FieldValueInvalid', message, field: 'patch' },
      ])
    const full = `${kind} in version "v1alpha1" cannot be handled as a ${kind}: ${message}`
    throw new StatusError(400, 'BadRequest', full)
  }
}

/** Clients may set these on Kubernetes' objects; here nothing would heed them. */
function warnOfUnkept(metadata: Fields, reply: FastifyReply): void {
  for (const field of ['finalizers', 'ownerReferences']) {
    const value = metadata[field]
    if (Array.isArray(value) && value.length > 0) warn(reply, `metadata.${field} is not kept`)
  }
}

/** Steps 3 to 5. `managers` are given by an apply, and follow from what changed otherwise. */
export async function keep(
  target: WriteTarget,
  candidate: Candidate,
  current: Current | undefined,
  managers?: readonly Manager[],
): Promise<ResourceObject> {
  const { context, definition, namespace, options } = target
  const { kind, plural } = definition
  const name = String(candidate.metadata['name'])
  const clear = restored(target, candidate, current)
  const whole = { ...clear, spec: withDefaults(definition.spec, clear.spec ?? {}) }
  const entries = encodeManagers(managers ?? managersAfter(target, whole, current))
  const written: WrittenObject = {
    object: {
      apiVersion: API_VERSION,
      kind,
      metadata: keptMetadata(clear.metadata),
      ...(clear.spec === undefined ? {} : { spec: clear.spec }),
    },
    managedFields: entries,
  }
  const given = candidate.metadata['resourceVersion']
  const { uid } = candidate.metadata
  const isUpdate = current !== undefined
  if (isUpdate && uid !== undefined && uid !== '' && uid !== current.object.metadata.uid)
    throw new StatusError(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${plural}.headgate.dev ${JSON.stringify(name)}: the UID in the precondition (${uid}) does not match the UID in record (${current.object.metadata.uid})`,
      { name, group: 'headgate.dev', kind: plural },
    )
  const put = context.controlPlane.writes.put({
    identity: { kind, namespace, name },
    written,
    expects: isUpdate ? 'present' : 'absent',
    ...(isUpdate && typeof given === 'string' && given !== '' ? { resourceVersion: given } : {}),
    dryRun: options.dryRun,
  })
  const object = await put.catch((error: unknown) => {
    throw refusalOf(error, { kind, plural, name })
  })
  return maskObject(options.dryRun ? asWritten(object, written, whole.spec, context) : object)
}

function managersAfter(
  { definition, options, context }: WriteTarget,
  whole: Candidate,
  current: Current | undefined,
): readonly Manager[] {
  const given = whole.metadata['managedFields']
  const before = current?.managers ?? []
  // Whoever sends an empty entry wants all of them forgotten; other entries replace what is there.
  if (Array.isArray(given) && JSON.stringify(given) === '[{}]') return []
  const base =
    Array.isArray(given) && JSON.stringify(given) !== JSON.stringify(encodeManagers(before))
      ? decodeManagers(given)
      : before
  const writer = {
    name: options.fieldManager,
    subresource: '',
    time: rfc3339(context.clock.wallUs()),
  }
  return managersAfterUpdate(base, writer, wholeSchema(definition), current?.object ?? {}, whole)
}

function restored(
  { definition: { kind, plural } }: WriteTarget,
  candidate: Candidate,
  current: Current | undefined,
): Candidate {
  const { value: spec, unknown } = unmask(kind, candidate.spec, current?.object.spec)
  const annotations = restoredAnnotations(kind, candidate, current)
  if (unknown.length > 0)
    throw invalid(
      { kind, plural, name: String(candidate.metadata['name']) },
      unknown.map((field) => ({
        reason: 'FieldValueInvalid',
        message: 'expected the value, got *** and nothing is kept there that it could stand for',
        field,
      })),
    )
  const { labels, annotations: _masked, ...metadata } = candidate.metadata
  return {
    ...candidate,
    metadata: {
      ...metadata,
      ...(isSaid(labels) ? { labels } : {}),
      ...(isSaid(annotations) ? { annotations } : {}),
    },
    ...(spec === undefined ? {} : { spec }),
  }
}

function restoredAnnotations(
  kind: string,
  { metadata }: Candidate,
  current: Current | undefined,
): unknown {
  const annotations = metadata['annotations']
  if (!isFields(annotations)) return annotations
  const kept = current?.object.metadata.annotations?.[LAST_APPLIED]
  if (kept === undefined || annotations[LAST_APPLIED] !== maskApplied(kind, kept))
    return annotations
  return { ...annotations, [LAST_APPLIED]: kept }
}

/** What is the client's to say; the rest is the server's. */
function keptMetadata({ name, namespace, labels, annotations }: Fields): Fields {
  return {
    name,
    namespace,
    ...(isSaid(labels) ? { labels } : {}),
    ...(isSaid(annotations) ? { annotations } : {}),
  }
}

/** A dry run answers what would be read afterwards. */
function asWritten(
  object: ResourceObject,
  written: WrittenObject,
  spec: unknown,
  { random, clock }: NativeContext,
): ResourceObject {
  const { labels: _labels, annotations: _annotations, ...metadata } = object.metadata
  const made =
    metadata.uid === undefined
      ? { uid: random.uuid(), creationTimestamp: rfc3339(clock.wallUs()), generation: 1 }
      : {}
  const kept = written.object['metadata'] as Partial<ResourceObject['metadata']>
  const { managedFields } = written
  return {
    ...object,
    metadata: { ...metadata, ...made, ...kept, managedFields },
    spec: masked(spec, undefined),
  }
}

export function warn(reply: FastifyReply, text: string): void {
  const before = reply.getHeader('warning')
  const lines = before === undefined ? [] : [before].flat().map(String)
  const quoted = text.replace(/["\\]/g, (mark) => `\\${mark}`).replace(/[^\x20-\x7e]/g, '?')
  reply.removeHeader('warning')
  reply.header('warning', [...lines, `299 - "${quoted}"`])
}

function unrecognised(kind: string, why: string): StatusError {
  const message = `the object provided is unrecognized (must be of type ${kind}): ${why}`
  return new StatusError(400, 'BadRequest', message)
}

/** What is no map is judged with the rest of the object. */
function isSaid(value: unknown): boolean {
  if (value === undefined || value === null) return false
  return !isFields(value) || Object.keys(value).length > 0
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
