/**
 * Pages of a list. `continue` names the last object that was answered, so that a page is right even when objects came
 * or went in between; it never expires. It carries the resourceVersion of the first page, which all pages answer: who
 * watches from there misses nothing that changed while pages were read.
 */
import type { ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'

export interface PageQuery {
  readonly limit: number | undefined
  readonly after: string | undefined
  /** Of the first page. */
  readonly resourceVersion: string | undefined
}

export interface Page {
  readonly metadata: {
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly ResourceObject[]
}

const TOKEN = /^after:([0-9]*):(.*)$/s

export function readPageQuery(query: Readonly<Record<string, unknown>>): PageQuery {
  return { limit: readLimit(query['limit']), ...readContinue(query['continue']) }
}

export function pageOf(
  objects: readonly ResourceObject[],
  resourceVersion: string,
  query: PageQuery,
): Page {
  const { limit, after } = query
  const sorted = inOrder(objects)
  const rest = after === undefined ? sorted : sorted.filter((object) => keyOf(object) > after)
  const items = limit === undefined ? rest : rest.slice(0, limit)
  return pageWith(items, rest.length - items.length, resourceVersion, query)
}

/** Of objects that are a page already. */
export function pageWith(
  items: readonly ResourceObject[],
  remaining: number,
  resourceVersion: string,
  { resourceVersion: first }: Pick<PageQuery, 'resourceVersion'>,
): Page {
  const last = items.at(-1)
  const version = first ?? resourceVersion
  const more =
    remaining > 0 && last !== undefined
      ? { continue: continueAfter(version, keyOf(last)), remainingItemCount: remaining }
      : {}
  return { metadata: { resourceVersion: version, ...more }, items }
}

/** Most often they come so. */
function inOrder(objects: readonly ResourceObject[]): readonly ResourceObject[] {
  let before = ''
  for (const object of objects) {
    const key = keyOf(object)
    if (key < before) return [...objects].sort(byKey)
    before = key
  }
  return objects
}

function keyOf({ metadata }: ResourceObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

function byKey(a: ResourceObject, b: ResourceObject): number {
  return keyOf(a) < keyOf(b) ? -1 : 1
}

/** 0 means all, as in Kubernetes. */
function readLimit(value: unknown): number | undefined {
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string' || !/^[0-9]{1,9}$/.test(value)) {
    throw new HeadgateError(
      'BadRequest',
      `limit: expected a whole number, got ${JSON.stringify(value)}`,
    )
  }
  return value === '0' ? undefined : Number(value)
}

function continueAfter(resourceVersion: string, key: string): string {
  return Buffer.from(`after:${resourceVersion}:${key}`).toString('base64url')
}

function readContinue(value: unknown): Pick<PageQuery, 'after' | 'resourceVersion'> {
  if (value === undefined || value === '') return { after: undefined, resourceVersion: undefined }
  const text = typeof value === 'string' ? Buffer.from(value, 'base64url').toString() : ''
  const match = TOKEN.exec(text)
  if (match !== null) return { after: match[2], resourceVersion: match[1] || undefined }
  throw new HeadgateError(
    'BadRequest',
    'continue: expected what a list answered, got something else',
  )
}
