/**
 * One path with the verbs that it knows: any other, HEAD too, is answered with 400 and never shows what serves it.
 *
 * Bodies of up to 64 MiB are taken, whatever their content type says.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { POSTED_BYTES_MAX } from '../../controllers/connect/read-posted.ts'
import { answerError, answerRefusal } from './answers.ts'

export type Verbs = Readonly<
  Record<string, (request: FastifyRequest, reply: FastifyReply) => unknown>
>

export function serveVerbs(
  server: FastifyInstance,
  path: string,
  verbs: Verbs,
  refused: (verb: string) => string = (verb) => `verb not supported: ${verb}`,
): void {
  server.all(path, {
    bodyLimit: POSTED_BYTES_MAX,
    errorHandler: (error, _request, reply) => answerUnread(reply, error),
    handler: async (request, reply) => {
      const handle = Object.hasOwn(verbs, request.method) ? verbs[request.method] : undefined
      if (handle === undefined) return answerError(reply, 400, refused(request.method))
      await handle(request, reply)
      return reply
    },
  })
}

/** What never came to its handler, and what a handler did not expect. */
function answerUnread(
  reply: FastifyReply,
  error: Error & { readonly code?: string },
): FastifyReply {
  const { code = '' } = error
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return answerError(reply, 400, `expected a body of at most ${POSTED_BYTES_MAX} bytes, got more`)
  if (code.startsWith('FST_')) return answerError(reply, 400, 'the request is malformed')
  return answerRefusal(reply, error)
}
