/** Answers one object or a list of them in the form that the client asked for. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { API_VERSION, type ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { type NativeContext, query } from './context.ts'
import type { ServedResource } from './kinds.ts'
import { type Page, pageOf, pageWith, readPageQuery } from './list-page.ts'
import { type Wanted, wantedOf } from './representation.ts'
import { readSelectors } from './selectors.ts'
import { columnDefinitions, partial, table, tableRow } from './table.ts'

export interface ListedObjects {
  readonly objects: () => readonly ResourceObject[]
  /** One page of them, where that costs less; asked where nothing is selected. */
  readonly page?: (part: { readonly after: string | undefined; readonly limit: number }) => {
    readonly objects: readonly ResourceObject[]
    readonly remaining: number
  }
  /** Asked after the objects, so that all that they tell is in it. */
  readonly resourceVersion: () => string
  /** What leaves the server; asked for the answered ones only. */
  readonly shown?: (object: ResourceObject) => ResourceObject
  /** Ours where absent. */
  readonly apiVersion?: string
  readonly fields?: readonly string[]
}

export function answerList(
  { clock }: Pick<NativeContext, 'clock'>,
  request: FastifyRequest,
  reply: FastifyReply,
  served: ServedResource,
  listed: ListedObjects,
): FastifyReply {
  const wanted = wantedOf(request)
  const parameters = query(request)
  refuseWatch(parameters)
  const { shown = same, apiVersion = API_VERSION } = listed
  const page = selectedPage(listed, parameters)
  const items = page.items.map(shown)
  const { metadata } = page
  return answerJson(reply, listBody())

  function listBody(): object {
    if (wanted.as === 'table') {
      const nowUs = clock.wallUs()
      const rows = items.map((object) => tableRow(object, served.columns, wanted.include, nowUs))
      return table(metadata, columnDefinitions(served.columns), rows)
    }
    if (wanted.as === 'partial') {
      const list = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' }
      return { ...list, metadata, items: items.map(partial) }
    }
    return { apiVersion, kind: `${served.kind}List`, metadata, items }
  }
}

function selectedPage(
  { objects, page, resourceVersion, fields }: ListedObjects,
  parameters: Readonly<Record<string, unknown>>,
): Page {
  const matches = readSelectors(parameters, fields)
  const query = readPageQuery(parameters)
  const { after, limit } = query
  if (matches === undefined && page !== undefined && limit !== undefined) {
    const part = page({ after, limit })
    return pageWith(part.objects, part.remaining, resourceVersion(), query)
  }
  const all = objects()
  const selected = matches === undefined ? all : all.filter(matches)
  return pageOf(selected, resourceVersion(), query)
}

export function answerObject(
  context: Pick<NativeContext, 'clock'>,
  request: FastifyRequest,
  reply: FastifyReply,
  served: ServedResource,
  object: ResourceObject,
): FastifyReply {
  return answerJson(reply, bodyOf(object, served, wantedOf(request), context.clock.wallUs()))
}

export function bodyOf(
  object: ResourceObject,
  { columns }: Pick<ServedResource, 'columns'>,
  wanted: Wanted,
  nowUs: number,
): object {
  if (wanted.as === 'object') return object
  if (wanted.as === 'partial') return partial(object)
  const { resourceVersion } = object.metadata
  const metadata = resourceVersion === undefined ? {} : { resourceVersion }
  const row = tableRow(object, columns, wanted.include, nowUs)
  return table(metadata, columnDefinitions(columns), [row])
}

export function answerJson(reply: FastifyReply, body: object): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}

export function wantsWatch(parameters: Readonly<Record<string, unknown>>): boolean {
  const { watch } = parameters
  return watch === 'true' || watch === '1'
}

function refuseWatch(parameters: Readonly<Record<string, unknown>>): void {
  if (wantsWatch(parameters))
    throw new HeadgateError('BadRequest', 'watch: expected none, for these cannot be watched')
}

function same(object: ResourceObject): ResourceObject {
  return object
}
