/** Deletes, of one object or of all that are selected: at once, and only as the preconditions say. */
import type { FastifyRequest } from 'fastify'
import type { KindDefinition } from '../../../crds/kind.ts'
import { GROUP, type ResourceObject } from '../../../crds/resource.ts'
import { type NativeContext, query } from '../context.ts'
import { pageOf, readPageQuery } from '../list-page.ts'
import { maskObject } from '../mask.ts'
import { readSelectors } from '../selectors.ts'
import { type StatusBody, StatusError, success } from '../status.ts'
import { readBody } from './read-body.ts'
import { isFields } from './write-object.ts'
import { invalidOption, isDryRun } from './write-options.ts'

export interface DeleteOptions {
  readonly dryRun: boolean
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
}

const POLICIES: readonly unknown[] = ['Orphan', 'Background', 'Foreground']

/** They stand in the body, in the query, or in both. */
export function readDeleteOptions(request: FastifyRequest): DeleteOptions {
  const parameters = query(request)
  const hasBody = Buffer.isBuffer(request.body) && request.body.toString().trim() !== ''
  const { value } = hasBody ? readBody(request) : { value: {} }
  if (!isFields(value)) throw new StatusError(400, 'BadRequest', 'the body: expected DeleteOptions')
  const policy = value['propagationPolicy'] ?? parameters['propagationPolicy']
  if (policy !== undefined && policy !== null && policy !== '' && !POLICIES.includes(policy)) {
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan"`
    throw invalidOption('DeleteOptions', 'propagationPolicy', 'FieldValueNotSupported', message)
  }
  const preconditions = isFields(value['preconditions']) ? value['preconditions'] : {}
  const textOf = (name: string): string | undefined => {
    const text = preconditions[name]
    return typeof text === 'string' && text !== '' ? text : undefined
  }
  return {
    dryRun: isDryRun(value['dryRun'] ?? parameters['dryRun'], 'DeleteOptions'),
    uid: textOf('uid'),
    resourceVersion: textOf('resourceVersion'),
  }
}

export async function deleteObject(
  { controlPlane }: NativeContext,
  { kind, plural }: KindDefinition,
  namespace: string,
  name: string,
  options: DeleteOptions,
): Promise<StatusBody> {
  const before = controlPlane.resources.get(kind, namespace, name)
  requirePreconditions(kind, name, before, options)
  await controlPlane.writes.remove({ identity: { kind, namespace, name }, ...options })
  const uid = before?.metadata.uid
  return success({ name, group: GROUP, kind: plural, ...(uid === undefined ? {} : { uid }) })
}

/** Judged here too, for the words of the API server; the control plane judges it again when it acts. */
function requirePreconditions(
  kind: string,
  name: string,
  before: ResourceObject | undefined,
  { uid, resourceVersion }: DeleteOptions,
): void {
  if (before === undefined) return
  const { metadata } = before
  const wrong =
    uid !== undefined && uid !== metadata.uid
      ? `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`
      : resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion
        ? `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`
        : undefined
  if (wrong === undefined) return
  const message = `Operation cannot be fulfilled on ${kind}.${GROUP} ${JSON.stringify(name)}: ${wrong}`
  throw new StatusError(409, 'Conflict', message, { name, group: GROUP, kind })
}

/** Each in turn: the first that is refused ends it, and what went before it is gone. */
export async function deleteSelected(
  { controlPlane }: NativeContext,
  { kind }: KindDefinition,
  namespace: string,
  request: FastifyRequest,
): Promise<object> {
  const options = readDeleteOptions(request)
  const parameters = query(request)
  const matches = readSelectors(parameters) ?? (() => true)
  const { resources, writes } = controlPlane
  const objects = resources.list(kind, namespace).filter(matches)
  const page = pageOf(objects, resources.revision(), readPageQuery(parameters))
  for (const { metadata } of page.items)
    await writes.remove({
      identity: { kind, namespace, name: metadata.name },
      uid: metadata.uid,
      dryRun: options.dryRun,
    })
  return {
    apiVersion: `${GROUP}/v1alpha1`,
    kind: `${kind}List`,
    metadata: { resourceVersion: page.metadata.resourceVersion },
    items: page.items.map(maskObject),
  }
}
