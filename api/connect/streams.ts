/** `/streams`: the set of all streams, and `/streams/{id}`: one of them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type {
  ConnectStreams,
  StreamState,
  StreamWrite,
} from '../../controllers/connect/connect-streams.ts'
import { CONNECT_NAMESPACE, nameOfStream } from '../../controllers/connect/stored-stream.ts'
import type { PlanAnswer } from '../../controllers/control-plane.ts'
import { parameter, requireAccess } from '../native/context.ts'
import { planAnswer } from '../native/plan-answer.ts'
import {
  answerDone,
  answerJson,
  answerRefusal,
  answerSetRefusal,
  answerUnknown,
} from './answers.ts'
import { goDuration } from './go-duration.ts'
import { bodyOf, readWrite } from './read-write.ts'
import { serveVerbs } from './serve-verbs.ts'

export function serveStreams(server: FastifyInstance, connect: ConnectStreams): void {
  const path = '/streams'
  serveVerbs(
    server,
    path,
    {
      GET: (_request, reply) => {
        requireAccess('Read', targetOf(undefined))
        const states = connect.list().map((state) => [state.id, stateAnswer(state)])
        reply.header('etag', `"${connect.digest()}"`)
        return answerJson(reply, 200, Object.fromEntries(states))
      },
      POST: (request, reply) => {
        requireAccess('Write', targetOf(undefined))
        const write = readWrite(request, reply)
        return answerWrite(reply, write, answerSetRefusal, () =>
          connect.replaceAll(bodyOf(request), write),
        )
      },
    },
    () => 'method not supported',
  )
  serveOne(server, connect, `${path}/:id`)
}

type WriteOne = (id: string, body: Uint8Array, write: StreamWrite) => Promise<PlanAnswer>

function serveOne(server: FastifyInstance, connect: ConnectStreams, path: string): void {
  const write =
    (change: WriteOne) =>
    (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const id = parameter(request, 'id')
      requireAccess(request.method === 'DELETE' ? 'Delete' : 'Write', targetOf(id))
      const options = readWrite(request, reply)
      return answerWrite(reply, options, answerRefusal, () => change(id, bodyOf(request), options))
    }
  serveVerbs(server, path, {
    GET: (request, reply) => {
      const id = parameter(request, 'id')
      requireAccess('Read', targetOf(id))
      const state = connect.get(id)
      if (state === undefined) return answerUnknown(reply)
      return answerJson(reply, 200, { ...stateAnswer(state), config: connect.config(id) ?? {} })
    },
    POST: write((id, body, options) => connect.create(id, body, options)),
    PUT: write((id, body, options) => connect.replace(id, body, options)),
    PATCH: write((id, body, options) => connect.merge(id, body, options)),
    DELETE: write((id, _body, options) => connect.remove(id, options)),
  })
}

/** Nothing where it was done, and the plan where nothing was to be done. */
async function answerWrite(
  reply: FastifyReply,
  { dryRun }: StreamWrite,
  refuse: (reply: FastifyReply, thrown: unknown) => FastifyReply,
  change: () => Promise<PlanAnswer>,
): Promise<FastifyReply> {
  try {
    const answer = await change()
    return dryRun ? answerJson(reply, 200, planAnswer(answer)) : answerDone(reply)
  } catch (thrown) {
    return refuse(reply, thrown)
  }
}

const NS_PER_MS = 1_000_000
const NS_PER_SECOND = 1_000_000_000

function stateAnswer({ active, uptimeMs }: StreamState): object {
  const uptimeNs = Math.round(uptimeMs * NS_PER_MS)
  return { active, uptime: uptimeNs / NS_PER_SECOND, uptime_str: goDuration(uptimeNs) }
}

export function targetOf(id: string | undefined): Parameters<typeof requireAccess>[1] {
  const name = id === undefined ? undefined : nameOfStream(id)
  return { kind: 'Pipeline', namespace: CONNECT_NAMESPACE, name }
}
