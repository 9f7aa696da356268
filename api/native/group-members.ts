/**
 * Membership of a consumer group over HTTP, for clients that read a stream together.
 *
 * A member joins, and from then on asks again (`heartbeat`) within its session. Each answer says which shards it holds
 * now and where the group stands in each of them; a shard that an answer lacks is another member's, so the member is
 * through with it, and has committed what it read, before it asks again. A commit names the generation of the answer
 * that it goes by: who lost a shard meanwhile is refused with GenerationStale.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HeadgateError } from '../../engine/error.ts'
import type { OffsetCommit } from '../../engine/log/log.ts'
import { engineGroup } from '../../engine/pipelines/group-name.ts'
import { type Membership, SESSION_MS_DEFAULT } from '../../engine/streams/groups.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { CONSUMER_GROUPS } from './kinds.ts'
import { type CommitBody, readCommitBody, readJoinBody } from './member-requests.ts'
import type { PathItems } from './openapi/path-item.ts'
import { anyObject, integer, list, object, text } from './openapi/schema.ts'
import { checkNext, formatNext, readNext } from './records-position.ts'
import { notFound } from './status.ts'

const MEMBERS = `${BASE}/namespaces/{namespace}/${CONSUMER_GROUPS}/{name}/members`
const HELD = { 200: { description: 'What it holds.', schema: anyObject('The membership.') } }

export const GROUP_MEMBER_PATHS: PathItems = {
  [MEMBERS]: {
    post: {
      summary: 'Joins a consumer group.',
      body: object('Who joins, and what it reads.', {
        stream: text('The stream.'),
        'member?': text('A name that no other member has; one is made where absent.'),
        'sessionMs?': integer('How long it counts as alive after its last word.'),
        'shards?': list('Just these, whoever else is there.', integer('A shard.')),
      }),
      answers: HELD,
    },
  },
  [`${MEMBERS}/{member}/heartbeat`]: {
    post: { summary: 'Keeps the session, and tells what the member holds now.', answers: HELD },
  },
  [`${MEMBERS}/{member}/commit`]: {
    post: {
      summary: 'Commits how far the member read.',
      body: object('Where the group goes on.', {
        generation: integer('Of the answer that the member goes by.'),
        offsets: list(
          'One of each shard that was read.',
          object('A shard.', {
            shard: integer('Its number.'),
            next: text('What the read of its records answered.'),
          }),
        ),
      }),
      answers: { 200: { description: 'It is durable.', schema: anyObject('Nothing.') } },
    },
  },
  [`${MEMBERS}/{member}`]: {
    delete: {
      summary: 'Leaves the group.',
      answers: { 200: { description: 'Its shards are free.', schema: anyObject('Nothing.') } },
    },
  },
}

export function serveGroupMembers(server: FastifyInstance, context: NativeContext): void {
  const members = `${BASE}/namespaces/:namespace/${CONSUMER_GROUPS}/:name/members`
  server.post(members, (request) => join(context, addressOf(request), bodyObject(request)))
  server.post(`${members}/:member/heartbeat`, async (request) => {
    const address = addressOf(request)
    const membership = await context.engine.groups.heartbeat(address.group, address.member)
    return held(context, membership)
  })
  server.post(`${members}/:member/commit`, (request) =>
    commit(context, addressOf(request), readCommitBody(bodyObject(request))),
  )
  server.delete(`${members}/:member`, async (request) => {
    const { group, member } = addressOf(request)
    await context.engine.groups.leave(group, member)
    return {}
  })
}

interface Address {
  readonly namespace: string
  /** As the engine calls it. */
  readonly group: string
  readonly member: string
}

/** To read with a group is to move it: whoever may not write to it may not join it either. */
function addressOf(request: FastifyRequest): Address {
  const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
  requireAccess('Write', { kind: 'ConsumerGroup', namespace, name })
  return { namespace, group: engineGroup(namespace, name), member: parameter(request, 'member') }
}

async function join(
  context: NativeContext,
  { namespace, group }: Address,
  body: Readonly<Record<string, unknown>>,
): Promise<object> {
  const { stream: name, member, sessionMs, shards } = readJoinBody(body)
  requireAccess('Read', { kind: 'Stream', namespace, name })
  const stream = described(context, namespace, name)
  const membership = await context.engine.groups.join({
    group,
    member: member ?? context.random.uuid(),
    stream: stream.name,
    incarnation: stream.incarnation,
    sessionMs: sessionMs ?? SESSION_MS_DEFAULT,
    ...(shards === undefined ? {} : { pinned: shards }),
  })
  return held(context, membership)
}

function described(context: NativeContext, namespace: string, name: string): StreamDescription {
  const target = context.streams.resolve(namespace, name)
  const [stream] = context.engine.streams.describe([target?.stream ?? `${namespace}/${name}`])
  if (stream === undefined) throw notFound('streams', name)
  return stream
}

async function held(
  { engine }: NativeContext,
  { group, member, generation, shards, settling, resetGeneration }: Membership,
): Promise<object> {
  const read = readBy(engine, group, member)
  // Sets are applied in order: after an empty one, commits of former holders are seen or refused.
  await engine.log.write({ appends: [] })
  const committed = engine.groups.offsets(group)
  const offsetOf = (shard: number): number | undefined =>
    committed.find((one) => one.incarnation === read.incarnation && one.shard === shard)?.next
  return {
    member,
    generation,
    resetGeneration,
    settling,
    shards: shards.map((shard) => {
      const sequence = offsetOf(shard)
      const { incarnation } = read
      return {
        shard,
        from: sequence === undefined ? 'earliest' : formatNext({ incarnation, shard, sequence }),
      }
    }),
  }
}

interface ReadStream {
  readonly stream: string
  readonly incarnation: number
}

function readBy(engine: NativeContext['engine'], group: string, member: string): ReadStream {
  const [description] = engine.groups.describe([group])
  const found = description?.members.find((one) => one.member === member)
  if (found !== undefined) return found
  throw new HeadgateError('GenerationStale', `${member} is no member of the group any more`, {
    hint: 'Join again.',
  })
}

async function commit(
  { engine }: NativeContext,
  { group, member }: Address,
  { generation, offsets }: CommitBody,
): Promise<object> {
  const { stream, incarnation } = readBy(engine, group, member)
  const commits = offsets.map(({ shard, next }): OffsetCommit => {
    const token = readNext(next)
    checkNext(token, incarnation, shard)
    return { group, generation, stream, incarnation, shard, next: token.sequence }
  })
  await engine.log.write({ appends: [], offsets: commits })
  return {}
}
