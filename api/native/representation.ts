/**
 * In which form an object is answered: whole, as a row of a table, or its metadata alone. The Accept header lists what
 * a client can read, best first; kubectl asks for tables and prints them as they are.
 */
import type { FastifyRequest } from 'fastify'
import { StatusError } from './status.ts'
import type { IncludeObject } from './table.ts'

export type Representation = 'object' | 'table' | 'partial'

export interface Wanted {
  readonly as: Representation
  /** What the rows of a table carry of their objects. */
  readonly include: IncludeObject
}

const WHOLE: Wanted = { as: 'object', include: 'Metadata' }
const FORMS: Readonly<Record<string, Representation>> = {
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partial',
}
const ACCEPTED = 'application/json'

export function wantedOf(request: FastifyRequest): Wanted {
  const { accept } = request.headers
  if (accept === undefined || accept.trim() === '') return WHOLE
  for (const entry of accept.split(',')) {
    const as = representationOf(entry)
    if (as === undefined) continue
    return as === 'object' ? WHOLE : { as, include: includeOf(request) }
  }
  throw new StatusError(
    406,
    'NotAcceptable',
    `only the following media types are accepted: ${ACCEPTED}`,
  )
}

function representationOf(entry: string): Representation | undefined {
  const [type = '', ...parameters] = entry.split(';').map((part) => part.trim())
  if (!['application/json', 'application/*', '*/*'].includes(type.toLowerCase())) return undefined
  const named = new Map(parameters.map((one) => one.split('=', 2) as [string, string]))
  const as = named.get('as')
  if (as === undefined) return 'object'
  if (named.get('g') !== 'meta.k8s.io' || named.get('v') !== 'v1') return undefined
  return FORMS[as]
}

function includeOf(request: FastifyRequest): IncludeObject {
  const { includeObject = 'Metadata' } = request.query as { readonly includeObject?: unknown }
  if (includeObject === 'None' || includeObject === 'Object' || includeObject === 'Metadata')
    return includeObject
  throw new StatusError(
    400,
    'BadRequest',
    `includeObject: expected None, Metadata or Object, got ${JSON.stringify(includeObject)}`,
  )
}
