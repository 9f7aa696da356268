/**
 * What streams hold and how fast they are written, declared and retained ones alike. It is apart from the streams
 * themselves because it changes with each record, and they do not.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { API_VERSION, type ResourceObject } from '../../crds/resource.ts'
import type { ShardState, StreamDescription } from '../../engine/streams/streams.ts'
import { answerList, answerObject } from './answer-objects.ts'
import { BASE, type NativeContext, parameter, requireAccess } from './context.ts'
import { STREAM_USAGES, servedOf } from './kinds.ts'
import type { PathItems } from './openapi/path-item.ts'
import { readOnlyPaths } from './openapi/read-only-paths.ts'
import { formatTimeUs } from './records-position.ts'
import { notFound } from './status.ts'

const KIND = 'StreamUsage'

export const STREAM_USAGE_PATHS: PathItems = readOnlyPaths(servedOf(STREAM_USAGES), undefined)

export function serveStreamUsages(server: FastifyInstance, context: NativeContext): void {
  const collection = `${BASE}/namespaces/:namespace/${STREAM_USAGES}`
  const served = servedOf(STREAM_USAGES)
  const listed = (
    namespace: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply => {
    requireAccess('Read', { kind: 'Stream', namespace, name: undefined })
    const objects = context.engine.streams
      .describe()
      .map((stream) => usageObject(context, stream))
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
    return answerList(context, request, reply, served, {
      objects: () => objects,
      resourceVersion: () => context.controlPlane.resources.revision(),
    })
  }
  server.get(`${BASE}/${STREAM_USAGES}`, (request, reply) => listed(undefined, request, reply))
  server.get(collection, (request, reply) =>
    listed(parameter(request, 'namespace'), request, reply),
  )
  server.get(`${collection}/:name`, (request, reply) => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
    requireAccess('Read', { kind: 'Stream', namespace, name })
    const [stream] = context.engine.streams.describe([`${namespace}/${name}`])
    if (stream === undefined) throw notFound(STREAM_USAGES, name)
    return answerObject(context, request, reply, served, usageObject(context, stream))
  })
}

function usageObject({ streamRates }: NativeContext, stream: StreamDescription): ResourceObject {
  const slash = stream.name.indexOf('/')
  const rate = streamRates.rateOf(stream)
  const { owner, sealed, shards, records, bytes, shardStates } = stream
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      name: stream.name.slice(slash + 1),
      namespace: slash < 0 ? 'default' : stream.name.slice(0, slash),
      uid: stream.uid,
      creationTimestamp: formatTimeUs(stream.createdUs),
    },
    status: {
      owner: sealed?.by ?? owner ?? null,
      sealed: sealed !== undefined,
      shards,
      records,
      bytes,
      oldestRecord: timeOf(edge(shardStates, ({ oldestUs }) => oldestUs, Math.min)),
      newestRecord: timeOf(edge(shardStates, ({ newestUs }) => newestUs, Math.max)),
      recordsPerSecond: rate === undefined ? null : rounded(rate.recordsPerSecond),
      bytesPerSecond: rate === undefined ? null : Math.round(rate.bytesPerSecond),
    },
  }
}

function edge(
  states: readonly ShardState[],
  timeUs: (state: ShardState) => number | undefined,
  choose: (left: number, right: number) => number,
): number | undefined {
  const times = states.map(timeUs).filter((us) => us !== undefined)
  return times.length === 0 ? undefined : times.reduce((left, right) => choose(left, right))
}

function timeOf(us: number | undefined): string | null {
  return us === undefined ? null : formatTimeUs(us)
}

/** A record now and then is not none. */
function rounded(rate: number): number {
  return Math.round(rate * 1000) / 1000
}
