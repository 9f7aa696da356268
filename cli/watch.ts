/**
 * What happens to the objects of a collection, as a server tells it. A connection that is lost is made again where it
 * was; where the server has forgotten that far back, all of them are told anew.
 */
import type { ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import type { Client } from './client.ts'
import { listFrom } from './objects.ts'

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: ResourceObject
}

export interface WatchRequest {
  readonly client: Client
  readonly path: string
  readonly selector: string | undefined
  /** Of the list that was shown before. */
  readonly resourceVersion: string
  readonly signal: AbortSignal
  readonly say: (text: string) => void
}

const RECONNECT_MS = 500

export async function* watchObjects(request: WatchRequest): AsyncIterable<WatchEvent> {
  const { client, path, selector, signal, say } = request
  let { resourceVersion } = request
  let said = false
  while (!signal.aborted) {
    try {
      for await (const event of events(request, resourceVersion)) {
        said = false
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion
        if (event.type !== 'BOOKMARK') yield event as WatchEvent
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof HeadgateError)) throw error
      if (error.code === 'ServerUnreachable') {
        if (!said) say('The server is away; trying again.')
        said = true
      } else if (error.code === 'RevisionExpired') {
        const list = await listFrom(client, path, selector)
        for (const object of list.objects) yield { type: 'MODIFIED', object }
        resourceVersion = list.resourceVersion
        continue
      } else throw error
    }
    await realClock.sleep(RECONNECT_MS, signal).catch(() => undefined)
  }
}

interface RawEvent {
  readonly type: string
  readonly object: ResourceObject
}

async function* events(
  { client, path, selector, signal }: WatchRequest,
  resourceVersion: string,
): AsyncIterable<RawEvent> {
  const selected = selector === undefined ? '' : `&labelSelector=${encodeURIComponent(selector)}`
  const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${resourceVersion}${selected}`
  for await (const line of client.lines(`${path}?${query}`, signal)) {
    if (line === '') continue
    const event = JSON.parse(line) as RawEvent
    if (event.type === 'ERROR') throw errorIn(event.object as unknown as ErrorObject)
    yield event
  }
}

interface ErrorObject {
  readonly code?: number
  readonly message?: string
}

function errorIn({ code, message = 'the watch failed' }: ErrorObject): HeadgateError {
  return new HeadgateError(code === 410 ? 'RevisionExpired' : 'BadRequest', message)
}
