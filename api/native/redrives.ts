/** Puts the dead letters of a stream back to where they came from. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { API_VERSION } from '../../crds/resource.ts'
import { decide, LOCAL_ADMIN } from '../../engine/access/decide.ts'
import type { Query } from '../../engine/bloblang/mapping.ts'
import { countOpenLetters } from '../../engine/dead-letters/open-letters.ts'
import { type RedriveReport, redrive } from '../../engine/dead-letters/redrive.ts'
import { queryOf } from '../../engine/pipelines/bloblang-fields.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import type { PathItems } from './openapi/path-item.ts'
import { anyObject, flag, integer, object, text } from './openapi/schema.ts'
import { readRedriveBody } from './redrive-request.ts'
import { RenamedStreams } from './renamed-streams.ts'
import { notFound } from './status.ts'

export const REDRIVE_PATHS: PathItems = {
  [`${BASE}/namespaces/{namespace}/streams/{name}/redrive`]: {
    post: {
      summary: 'Puts dead letters back to the streams that they came from.',
      body: object('Which.', {
        'filter?': text('A Bloblang query; only letters for which it is true.'),
        'limit?': integer('At most so many.'),
        'attemptsMax?': integer('A record that became a dead letter so often stays; 5.'),
        'dryRun?': flag('Says what would be, and changes nothing.'),
        'until?': anyObject('The rest of an answer, to go on where its limit ended it.'),
      }),
      answers: {
        200: {
          description:
            'How many went back, stayed and are open, by what became of them, and the rest that a limit left.',
          schema: anyObject('The redrive.'),
        },
      },
    },
    get: {
      summary: 'Counts the dead letters that are open.',
      answers: {
        200: {
          description: 'Those that are not put back yet; null for a stream that holds no letters.',
          schema: anyObject('The count.'),
        },
      },
    },
  },
}

export function serveRedrives(server: FastifyInstance, context: NativeContext): void {
  const url = `${BASE}/namespaces/:namespace/streams/:name/redrive`
  server.post(url, (request, reply) => answer(context, request, reply))
  server.get(url, { exposeHeadRoute: false }, (request) => count(context, request))
}

async function count(context: NativeContext, request: FastifyRequest): Promise<object> {
  const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
  requireAccess('Read', { kind: 'Stream', namespace, name })
  const of = { namespace, name, stream: described(context, namespace, name) }
  const open = await countOpenLetters(of, context.engine, context.closing)
  return {
    apiVersion: API_VERSION,
    kind: 'DeadLetters',
    metadata: { name, namespace },
    open: open ?? null,
  }
}

async function answer(
  context: NativeContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<object> {
  const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
  const { filter, limit, attemptsMax, dryRun, until } = readRedriveBody(bodyObject(request))
  requireAccess('Read', { kind: 'Stream', namespace, name })
  // What stays is written again behind what goes.
  if (!dryRun) requireAccess('Write', { kind: 'Stream', namespace, name })
  const streams = new RenamedStreams(context)
  const asked = {
    of: { namespace, name, stream: described(context, namespace, name) },
    filter: filter === undefined ? undefined : compiledFilter(filter, context),
    limit,
    attemptsMax,
    dryRun,
    until,
    mayWrite: (stream: string) => {
      const target = {
        kind: 'Stream',
        namespace,
        name: streams.nameNow(namespace, stream),
      } as const
      return decide(LOCAL_ADMIN, 'Write', target).allowed
    },
  }
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const signal = AbortSignal.any([context.closing, gone.signal])
  const { engine, clock, random } = context
  const report = await redrive(asked, { engine, streams, clock, random }, signal)
  if (!dryRun) context.observeRedrive?.(`${namespace}/${name}`, report)
  return {
    apiVersion: API_VERSION,
    kind: 'Redrive',
    metadata: { name, namespace },
    dryRun,
    ...answerOf(report),
  }
}

function answerOf({ redriven, stayed, open, rows, rest, stopped }: RedriveReport): object {
  return {
    redriven,
    stayed,
    open,
    letters: rows,
    ...(rest.size === 0 ? {} : { rest: Object.fromEntries(rest) }),
    ...(stopped === undefined
      ? {}
      : { stopped: { code: stopped.code, message: stopped.message, hint: stopped.hint } }),
  }
}

function described(context: NativeContext, namespace: string, name: string): StreamDescription {
  const target = context.streams.resolve(namespace, name)
  const engineName = target?.stream ?? `${namespace}/${name}`
  const [stream] = context.engine.streams.describe([engineName])
  if (stream === undefined) throw notFound('streams', name)
  return stream
}

/** It sees the letter alone: no environment variables and no files. */
function compiledFilter(text: string, { clock, random }: NativeContext): Query {
  const bytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => Math.floor(random.next() * 256))
  return queryOf(text, {
    clock,
    random: { next: () => random.next(), uuid: () => random.uuid(), bytes },
    env: () => undefined,
    hostname: '',
  })
}
