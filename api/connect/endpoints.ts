/** `/endpoints`: which paths there are, with a sentence about each. */
import type { FastifyInstance } from 'fastify'
import type { SharedEndpoints } from '../endpoints.ts'
import { answerJson } from './answers.ts'

const ENDPOINTS: Readonly<Record<string, string>> = {
  '/endpoints': 'Returns this map of endpoints.',
  '/metrics':
    'Returns the metrics of the process and of all streams, in the text format of Prometheus.',
  '/ping': 'Pings the server.',
  '/ready':
    'Returns 200 OK if the inputs and outputs of all running streams are connected, otherwise 503.',
  '/resources/{type}/{id}': 'POST: Create or replace a resource that all streams may use.',
  '/stats': 'Returns the metrics of all streams, as JSON.',
  '/streams':
    'GET: List all streams with their status. POST: Set all streams from a map of ids to configs.',
  '/streams/{id}': 'Create, read, replace, change and delete a stream.',
  '/streams/{id}/stats': 'GET the metrics of a stream, as JSON.',
  '/version': 'Returns the version.',
  '/{id}/ready':
    'Returns 200 if the inputs and outputs of the stream are connected, otherwise 503.',
}

export function serveEndpoints(
  server: FastifyInstance,
  endpoints: Pick<SharedEndpoints, 'paths'>,
): void {
  server.get('/endpoints', (_request, reply) => {
    const mounted = endpoints.paths().map((path) => [path, 'Serves a component of a stream.'])
    return answerJson(reply, 200, { ...ENDPOINTS, ...Object.fromEntries(mounted) })
  })
}
