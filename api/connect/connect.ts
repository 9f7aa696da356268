/** The REST API of Redpanda Connect's streams mode: a thin translation onto the Pipelines of the namespace `default`. */
import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { ConnectStreams } from '../../controllers/connect/connect-streams.ts'
import type { SharedEndpoints } from '../endpoints.ts'
import type { Metrics } from '../metrics.ts'
import { serveEndpoints } from './endpoints.ts'
import { serveResourcePosts } from './resources.ts'
import { serveStats } from './stats.ts'
import { serveStreamReady } from './stream-ready.ts'
import { serveStreams } from './streams.ts'

export interface ConnectContext {
  readonly connect: ConnectStreams
  readonly endpoints: Pick<SharedEndpoints, 'paths'>
  readonly metrics: Metrics
}

export function serveConnect(
  server: FastifyInstance,
  { connect, endpoints, metrics }: ConnectContext,
): void {
  // Whatever Node parses is a verb, and gets its answer from the path that it asks for.
  for (const method of METHODS)
    if (!server.supportedMethods.includes(method)) server.addHttpMethod(method, { hasBody: true })
  serveStreams(server, connect)
  serveResourcePosts(server, connect)
  serveStats(server, connect, metrics)
  serveStreamReady(server, connect)
  serveEndpoints(server, endpoints)
}
