/**
 * Answers the OpenAPI document: an index of group versions, as clients of Kubernetes look it up, each of which leads to
 * the same document. It is made when it is first asked for.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { API_VERSION } from '../../../crds/resource.ts'
import { CORE_GROUPS } from '../core-kinds.ts'
import { StatusError } from '../status.ts'
import { openApiDocument } from './document.ts'
import { PATHS } from './paths.ts'

const INDEXED: readonly string[] = [
  `apis/${API_VERSION}`,
  ...CORE_GROUPS.map(({ group, version }) =>
    group === '' ? `api/${version}` : `apis/${group}/${version}`,
  ),
]

export function serveOpenApi(server: FastifyInstance): void {
  let made: { readonly text: string; readonly hash: string } | undefined
  const document = () => {
    if (made !== undefined) return made
    const text = JSON.stringify(openApiDocument(PATHS, API_VERSION))
    made = { text, hash: createHash('sha256').update(text).digest('hex').toUpperCase() }
    return made
  }
  server.get('/openapi/v3', () => ({
    paths: Object.fromEntries(
      INDEXED.map((path) => [
        path,
        { serverRelativeURL: `/openapi/v3/${path}?hash=${document().hash}` },
      ]),
    ),
  }))
  for (const path of INDEXED)
    server.get(`/openapi/v3/${path}`, (request, reply) => {
      const { text, hash } = document()
      const etag = `"${hash}"`
      reply.header('etag', etag).header('vary', 'Accept')
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.type('application/json').send(text)
    })
  server.get('/openapi/v2', () => {
    throw new StatusError(406, 'NotAcceptable', 'the document is in version 3: see /openapi/v3')
  })
}
