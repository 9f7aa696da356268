/**
 * Watches of the five kinds. A change is made into bytes once for each form in which somebody wants it, however many
 * watch.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ResourceChange } from '../../controllers/status/change-feed.ts'
import { API_VERSION, type Kind, type ResourceObject } from '../../crds/resource.ts'
import { type NativeContext, query } from './context.ts'
import type { ServedResource } from './kinds.ts'
import { maskObject } from './mask.ts'
import { type Wanted, wantedOf } from './representation.ts'
import { type Matches, readSelectors } from './selectors.ts'
import { columnDefinitions, partial, table, tableRow } from './table.ts'
import { readWatchQuery } from './watch-query.ts'
import { WatchStream } from './watch-stream.ts'

type ChangeType = ResourceChange['type']

export function watchResources(
  context: NativeContext,
  request: FastifyRequest,
  reply: FastifyReply,
  served: ServedResource,
  namespace: string | undefined,
): FastifyReply {
  const { clock, closing, controlPlane } = context
  const { resources } = controlPlane
  const parameters = query(request)
  const wanted = wantedOf(request)
  const matches = readSelectors(parameters)
  const { from, marksInitial, bookmarks, seconds } = readWatchQuery(parameters)
  const form = formOf(wanted)
  let isFirst = true
  const early: Buffer[] = []
  let write = (line: Buffer): void => {
    early.push(line)
  }
  // A revision that is no longer known is refused before the answer begins.
  const watching = resources.watch(served.kind as Kind, namespace, from, (change) => {
    const type = matches === undefined ? change.type : seenAs(change, matches)
    if (type === undefined) return
    write(lineOf(change, type, served, wanted, `${form}${isFirst ? ' first' : ''}`, clock.wallUs()))
    isFirst = false
  })
  const bookmark = (annotations?: object): Buffer =>
    bookmarkLine(served, wanted, resources.revision(), annotations)
  const stream = new WatchStream(reply, {
    clock,
    closing,
    seconds,
    bookmark: bookmarks ? () => bookmark() : undefined,
  })
  stream.onEnd(() => watching[Symbol.dispose]())
  for (const line of early) stream.write(line)
  if (marksInitial) stream.write(bookmark({ 'k8s.io/initial-events-end': 'true' }))
  write = (line) => stream.write(line)
  return reply
}

/** To a selector, an object that ceases to match is deleted, and one that begins to is added. */
function seenAs(
  { type, object, before }: ResourceChange,
  matches: Matches,
): ChangeType | undefined {
  const now = matches(object)
  if (type !== 'MODIFIED' || before === undefined) return now ? type : undefined
  const was = matches(before)
  if (now) return was ? 'MODIFIED' : 'ADDED'
  return was ? 'DELETED' : undefined
}

function formOf({ as, include }: Wanted): string {
  return as === 'table' ? `${as} ${include}` : as
}

const lines = new WeakMap<ResourceChange, Map<string, Buffer>>()

function lineOf(
  change: ResourceChange,
  type: ChangeType,
  served: ServedResource,
  wanted: Wanted,
  form: string,
  nowUs: number,
): Buffer {
  const key = `${type} ${form}`
  const made = lines.get(change) ?? new Map<string, Buffer>()
  const known = made.get(key)
  if (known !== undefined) return known
  const shown = maskObject(change.object)
  const line = eventLine(type, eventObject(shown, served, wanted, form.endsWith(' first'), nowUs))
  made.set(key, line)
  lines.set(change, made)
  return line
}

/** Only the first table of a watch says what its columns are. */
function eventObject(
  object: ResourceObject,
  { columns }: ServedResource,
  wanted: Wanted,
  isFirst: boolean,
  nowUs: number,
): object {
  if (wanted.as === 'object') return object
  if (wanted.as === 'partial') return partial(object)
  const row = tableRow(object, columns, wanted.include, nowUs)
  const { resourceVersion } = object.metadata
  return table({ resourceVersion }, isFirst ? columnDefinitions(columns) : null, [row])
}

function bookmarkLine(
  { kind }: ServedResource,
  { as }: Wanted,
  resourceVersion: string,
  annotations: object | undefined,
): Buffer {
  const metadata = { resourceVersion, ...(annotations === undefined ? {} : { annotations }) }
  if (as === 'table') return eventLine('BOOKMARK', table(metadata, null, []))
  const type =
    as === 'partial'
      ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }
      : { kind, apiVersion: API_VERSION }
  return eventLine('BOOKMARK', { ...type, metadata })
}

export function eventLine(type: ChangeType | 'BOOKMARK', object: object): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`)
}
