/** The verbs that write: create, replace, patch and apply, each as the object that it makes of what is there. */

import { rfc3339 } from '../../../controllers/status/conditions.ts'
import { GROUP, type ResourceObject } from '../../../crds/resource.ts'
import { StatusError } from '../status.ts'
import { type FieldSet, pathText } from './field-set.ts'
import { refuseForeign } from './foreign-owner.ts'
import { lastAppliedFields, remember } from './last-applied.ts'
import type { Manager } from './managers.ts'
import { wholeSchema } from './object-schema.ts'
import { jsonPatch, mergePatch, type PatchKind } from './patch.ts'
import { ANY_NAME_RANDOM_LETTERS, randomName } from './random-name.ts'
import type { ReadBody } from './read-body.ts'
import { applyConfig, type Conflict } from './server-side-apply.ts'
import { type Current, currentOf, keep, readCandidate, type WriteTarget } from './write-object.ts'
import { invalid } from './write-status.ts'

export interface Changed {
  readonly object: ResourceObject
  readonly created: boolean
}

const NAME_LENGTH_MAX = 63
/** Who applied from the client and now applies by the server goes on with what is its own. */
const KUBECTL = 'kubectl'
const NONE: FieldSet = new Set()

export async function createObject(target: WriteTarget, body: ReadBody): Promise<ResourceObject> {
  const candidate = readCandidate(target, body.value, body.duplicates, undefined)
  const { generateName, resourceVersion: _ignored, uid: _own, ...metadata } = candidate.metadata
  const name = metadata['name'] || generated(generateName, target)
  if (typeof name !== 'string' || name === '') {
    const message = 'Required value: name or generateName is required'
    throw invalid({ kind: target.definition.kind, plural: '', name: '' }, [
      { reason: 'FieldValueRequired', message, field: 'metadata.name' },
    ])
  }
  refuseForeign(target.context, target.definition, target.namespace, name)
  return keep(target, { ...candidate, metadata: { ...metadata, name } }, undefined)
}

function generated(prefix: unknown, { context }: WriteTarget): string {
  if (typeof prefix !== 'string' || prefix === '') return ''
  const start = prefix.slice(0, NAME_LENGTH_MAX - ANY_NAME_RANDOM_LETTERS)
  return `${start}${randomName(context.random)}`
}

export async function replaceObject(
  target: WriteTarget,
  body: ReadBody,
  name: string,
): Promise<ResourceObject> {
  const candidate = readCandidate(target, body.value, body.duplicates, name)
  const current = requireCurrent(target, name)
  const given = candidate.metadata['resourceVersion']
  if (given === undefined || given === '')
    throw invalid({ kind: target.definition.plural, plural: '', name }, [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
        field: 'metadata.resourceVersion',
      },
    ])
  return keep(target, candidate, current)
}

export async function patchObject(
  target: WriteTarget,
  body: ReadBody,
  name: string,
  kind: Exclude<PatchKind, 'apply'>,
): Promise<ResourceObject> {
  const current = requireCurrent(target, name)
  const base = current.object
  const patched = kind === 'merge' ? mergePatch(base, body.value) : jsonPatch(base, body.value)
  const candidate = readCandidate(target, patched, body.duplicates, name, 'patch')
  // A patch that names no version is about whatever is there: only one that does is refused.
  const { resourceVersion, ...metadata } = candidate.metadata
  const isNamed = resourceVersion !== current.object.metadata.resourceVersion
  return keep(target, isNamed ? candidate : { ...candidate, metadata }, current)
}

export async function applyObject(
  target: WriteTarget,
  body: ReadBody,
  name: string,
): Promise<Changed> {
  const { context, definition, options } = target
  const config = readCandidate(target, body.value, body.duplicates, name)
  if (Array.isArray(config.metadata['managedFields'])) {
    const message = 'metadata.managedFields must be nil'
    throw new StatusError(400, 'BadRequest', message)
  }
  const current = currentOf(target, name)
  const { resourceVersion, uid: _uid, ...metadata } = config.metadata
  const applied = applyConfig({
    schema: wholeSchema(definition),
    live: current?.object ?? {},
    config: { ...config, metadata },
    managers: current?.managers ?? [],
    manager: options.fieldManager,
    time: rfc3339(context.clock.wallUs()),
    force: options.force,
    yielding:
      options.fieldManager === KUBECTL && current !== undefined
        ? lastAppliedFields(current.object, wholeSchema(definition))
        : NONE,
  })
  if (applied.conflicts !== undefined) throw conflicted(applied.conflicts)
  const merged = readCandidate(target, withoutVersion(applied.object), [], name)
  const version = resourceVersion === undefined ? {} : { resourceVersion }
  const remembered = options.fieldManager === KUBECTL ? remember(merged, config) : merged
  const candidate = {
    ...remembered,
    metadata: { ...remembered.metadata, ...version },
  }
  return {
    object: await keep(target, candidate, current, applied.managers),
    created: current === undefined,
  }
}

/** An apply is about whatever is there, unless it names a version itself. */
function withoutVersion(object: unknown): unknown {
  const { metadata, ...rest } = object as { readonly metadata?: object }
  return { ...rest, metadata: { ...metadata, resourceVersion: undefined } }
}

function requireCurrent(target: WriteTarget, name: string): Current {
  const current = currentOf(target, name)
  if (current !== undefined) return current
  const { plural } = target.definition
  throw new StatusError(404, 'NotFound', `${plural}.${GROUP} ${JSON.stringify(name)} not found`, {
    name,
    group: GROUP,
    kind: plural,
  })
}

/** In the words of the API server: kubectl shows them as they are. */
function conflicted(conflicts: readonly Conflict[]): StatusError {
  const groups = conflicts.map(({ manager, fields }) => ({
    with: `with ${managerText(manager)}`,
    fields: [...fields].sort().map(pathText),
  }))
  const causes = groups.flatMap((group) =>
    group.fields.map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict ${group.with}`,
      field,
    })),
  )
  const said =
    causes.length === 1
      ? `conflict: conflict ${groups[0]?.with}: ${groups[0]?.fields[0]}`
      : `conflicts: ${groups.map((group) => `conflicts ${group.with}:\n${group.fields.map((field) => `- ${field}`).join('\n')}`).join('\n')}`
  return new StatusError(409, 'Conflict', `Apply failed with ${causes.length} ${said}`, { causes })
}

/** Those who apply are known by their name alone. */
function managerText({ name, operation, subresource }: Manager): string {
  const through = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`
  const using = operation === 'Update' ? ` using ${GROUP}/v1alpha1` : ''
  return `${JSON.stringify(name)}${through}${using}`
}
