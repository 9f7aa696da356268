/** The objects of a server: where they are, and how they are asked for. */
import type { ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import type { Client } from './client.ts'
import type { Gettable } from './kind-names.ts'

const PAGE = 500

export interface ObjectList {
  readonly objects: readonly ResourceObject[]
  /** Where a watch goes on. */
  readonly resourceVersion: string
}

interface ListObject {
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string }
  readonly items: readonly ResourceObject[]
}

export function collectionPath(
  { plural, namespaced }: Pick<Gettable, 'plural' | 'namespaced'>,
  namespace: string | undefined,
): string {
  if (!namespaced || namespace === undefined) return `/${plural}`
  return `/namespaces/${encodeURIComponent(namespace)}/${plural}`
}

export function objectPath(
  kind: Pick<Gettable, 'plural' | 'namespaced'>,
  namespace: string,
  name: string,
): string {
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`
}

/** All of a collection, page by page. */
export async function listObjects(
  client: Client,
  path: string,
  selector?: string,
): Promise<readonly ResourceObject[]> {
  return (await listFrom(client, path, selector)).objects
}

export async function listFrom(
  client: Client,
  path: string,
  selector?: string,
): Promise<ObjectList> {
  const objects: ResourceObject[] = []
  const selected = selector === undefined ? '' : `&labelSelector=${encodeURIComponent(selector)}`
  let first: string | undefined
  for (let token = ''; ; ) {
    const query = `limit=${PAGE}${selected}${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`
    const page = await client.json<ListObject>('GET', `${path}?${query}`)
    objects.push(...page.items)
    // What changed while the later pages came is told again by a watch.
    first ??= page.metadata?.resourceVersion ?? ''
    token = page.metadata?.continue ?? ''
    if (token === '') return { objects, resourceVersion: first }
  }
}

/** Rejects with NotFound and with where to look. */
export function getObject(
  client: Client,
  kind: Gettable,
  namespace: string,
  name: string,
): Promise<ResourceObject> {
  return withWhereToLook(kind, client.json('GET', objectPath(kind, namespace, name)))
}

/** What was not found is easily found, once one knows what there is. */
export async function withWhereToLook<T>(
  { namespaced, plural }: Pick<Gettable, 'namespaced' | 'plural'>,
  asked: Promise<T>,
): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.code !== 'NotFound' || error.hint !== undefined)
      throw error
    const where = namespaced ? `, of every namespace with: headgate get ${plural} -A` : ''
    throw new HeadgateError('NotFound', error.message, {
      cause: error,
      hint: `Those that there are: headgate get ${plural}${where}`,
    })
  }
}
