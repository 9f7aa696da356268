/**
 * Pages of a list. `continue` names the last object that was answered, so that a page is right even when objects came
 * or went in between; it never expires.
 */
import type { ResourceObject } from '../../crds/resource.ts'
import { API_VERSION } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'

export interface PageQuery {
  readonly limit: number | undefined
  readonly after: string | undefined
}

export interface ListObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly ResourceObject[]
}

/** Parameters that change which objects are answered: ignoring one would answer wrongly. */
const NOT_AVAILABLE = ['labelSelector', 'fieldSelector', 'watch'] as const
const TOKEN_PREFIX = 'after:'

export function readPageQuery(query: Readonly<Record<string, unknown>>): PageQuery {
  for (const name of NOT_AVAILABLE) {
    const value = query[name]
    if (value === undefined || value === '' || value === 'false' || value === '0') continue
    throw new HeadgateError('BadRequest', `the query parameter ${name} is not available yet`)
  }
  return { limit: readLimit(query['limit']), after: readContinue(query['continue']) }
}

export function pageOf(
  kind: string,
  objects: readonly ResourceObject[],
  resourceVersion: string,
  { limit, after }: PageQuery,
): ListObject {
  const sorted = objects.map((object) => ({ key: keyOf(object), object })).sort(byKey)
  const rest = after === undefined ? sorted : sorted.filter(({ key }) => key > after)
  const page = limit === undefined ? rest : rest.slice(0, limit)
  const last = page.at(-1)
  const remaining = rest.length - page.length
  const more =
    remaining > 0 && last !== undefined
      ? { continue: continueAfter(last.key), remainingItemCount: remaining }
      : {}
  return {
    apiVersion: API_VERSION,
    kind: `${kind}List`,
    metadata: { resourceVersion, ...more },
    items: page.map(({ object }) => object),
  }
}

function keyOf({ metadata }: ResourceObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  if (a.key === b.key) return 0
  return a.key < b.key ? -1 : 1
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

function continueAfter(key: string): string {
  return Buffer.from(`${TOKEN_PREFIX}${key}`).toString('base64url')
}

function readContinue(value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined
  const text = typeof value === 'string' ? Buffer.from(value, 'base64url').toString() : ''
  if (text.startsWith(TOKEN_PREFIX)) return text.slice(TOKEN_PREFIX.length)
  throw new HeadgateError(
    'BadRequest',
    'continue: expected what a list answered, got something else',
  )
}
