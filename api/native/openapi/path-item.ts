/**
 * How a route describes itself: each route file exports its `PathItems`, and `paths.ts` gathers them in the one OpenAPI
 * document that the server answers. A test holds that every route that is registered is described, and the reverse.
 *
 * What follows from the rest is not written: parameters in braces are texts, every answer but the named ones is a
 * Status, and what is read or written is JSON unless said otherwise.
 */
import type { OpenApiSchema } from './schema.ts'

/** Path → what may be done there, with parameters in braces: `/namespaces/{namespace}/streams/{name}/why`. */
export type PathItems = Readonly<Record<string, PathItem>>

export type PathMethod = 'get' | 'post' | 'put' | 'patch' | 'delete'
export type PathItem = Readonly<Partial<Record<PathMethod, Operation>>>

export interface Operation {
  /** One sentence that says what it does. */
  readonly summary: string
  /** Query parameters by name; each schema has a description. */
  readonly query?: Readonly<Record<string, OpenApiSchema>>
  readonly body?: OpenApiSchema
  /** `application/json` where absent. */
  readonly bodyTypes?: readonly string[]
  /** HTTP status → what is answered then. Refusals are Statuses and need no word. */
  readonly answers: Readonly<Record<number, PathAnswer>>
  /** What clients of Kubernetes look for. */
  readonly action?: 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection'
  readonly of?: GroupVersionKind
}

export interface PathAnswer {
  readonly description: string
  readonly schema?: OpenApiSchema
  /** `application/json` where absent. */
  readonly types?: readonly string[]
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** Path items beneath a common beginning. */
export function beneath(base: string, items: PathItems): PathItems {
  return Object.fromEntries(Object.entries(items).map(([path, item]) => [`${base}${path}`, item]))
}
