/** Consumer groups: who reads what and how far behind, read-only but for a reset, which moves a group by hand. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { API_VERSION, type ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { configGroup, engineGroup, groupFaults } from '../../engine/pipelines/group-name.ts'
import { type ShardLag, totalLag } from '../../engine/streams/group-lag.ts'
import { planReset, resetOffsets } from '../../engine/streams/group-reset.ts'
import type { GroupDescription } from '../../engine/streams/groups.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import { nearest } from '../../engine/suggest.ts'
import { answerList, answerObject } from './answer-objects.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { CONSUMER_GROUPS, servedOf } from './kinds.ts'
import type { PathItems } from './openapi/path-item.ts'
import { readOnlyPaths } from './openapi/read-only-paths.ts'
import { anyObject, flag, integer, list, object, text } from './openapi/schema.ts'
import { formatTimeUs } from './records-position.ts'
import { refuseWrites } from './refuse-writes.ts'
import { type ResetBody, readResetBody } from './reset-request.ts'
import { notFound } from './status.ts'

const KIND = 'ConsumerGroup'
const READ_ONLY = 'a consumer group is made by those who join it, and moved with POST …/reset'

export const CONSUMER_GROUP_PATHS: PathItems = {
  ...readOnlyPaths(servedOf(CONSUMER_GROUPS), READ_ONLY),
  [`${BASE}/namespaces/{namespace}/${CONSUMER_GROUPS}/{name}/reset`]: {
    post: {
      summary: 'Moves a consumer group to another place of a stream.',
      body: object('Where to.', {
        stream: text('A stream that the group reads.'),
        to: text('earliest, latest, a time or a position.'),
        'shards?': list('Which shards; all where absent.', integer('A shard.')),
        'dryRun?': flag('Says what would be, and moves nothing.'),
        'force?': flag('Also while it has live members.'),
      }),
      answers: {
        200: { description: 'Each shard, before and after.', schema: anyObject('The reset.') },
      },
    },
  },
}

export function serveConsumerGroups(server: FastifyInstance, context: NativeContext): void {
  const collection = `${BASE}/namespaces/:namespace/${CONSUMER_GROUPS}`
  const one = `${collection}/:name`
  server.get(`${BASE}/${CONSUMER_GROUPS}`, (request, reply) =>
    listed(context, undefined, request, reply),
  )
  server.get(collection, (request, reply) =>
    listed(context, parameter(request, 'namespace'), request, reply),
  )
  server.get(one, async (request, reply) => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
    requireAccess('Read', { kind: KIND, namespace, name })
    const object = await groupObject(context, found(context, namespace, name))
    return answerObject(context, request, reply, servedOf(CONSUMER_GROUPS), object)
  })
  server.post(`${one}/reset`, (request) => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
    requireAccess('Write', { kind: KIND, namespace, name })
    return reset(context, namespace, name, readResetBody(bodyObject(request)))
  })
  for (const url of [`${BASE}/${CONSUMER_GROUPS}`, collection, one])
    refuseWrites(server, url, CONSUMER_GROUPS, READ_ONLY)
}

async function listed(
  context: NativeContext,
  namespace: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  requireAccess('Read', { kind: KIND, namespace, name: undefined })
  const objects = await Promise.all(
    within(context, namespace).map((group) => groupObject(context, group)),
  )
  return answerList(context, request, reply, servedOf(CONSUMER_GROUPS), {
    objects: () => objects,
    resourceVersion: () => context.controlPlane.resources.revision(),
  })
}

function within(
  { engine }: NativeContext,
  namespace: string | undefined,
): readonly GroupDescription[] {
  const groups = engine.groups.describe()
  if (namespace === undefined) return groups
  return groups.filter(({ group }) => configGroup(group).namespace === namespace)
}

function found(context: NativeContext, namespace: string, name: string): GroupDescription {
  const [fault] = groupFaults(name)
  const wanted = fault === undefined ? [engineGroup(namespace, name)] : []
  const [group] = context.engine.groups.describe(wanted)
  if (group !== undefined) return group
  const names = within(context, namespace).map((other) => configGroup(other.group).group)
  const meant = nearest(name, names)
  throw notFound(
    CONSUMER_GROUPS,
    name,
    meant === undefined
      ? 'Those that there are: headgate groups list -A'
      : `Did you mean ${meant}?`,
  )
}

async function groupObject(
  { groupLag }: NativeContext,
  group: GroupDescription,
): Promise<ResourceObject> {
  const { namespace, group: name } = configGroup(group.group)
  const lags = await groupLag.measure(group)
  const streamOf = (stream: string): string => localName(namespace, stream)
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace },
    status: {
      generation: group.generation,
      ...(group.idleSinceUs === undefined ? {} : { idleSince: formatTimeUs(group.idleSinceUs) }),
      members: group.members.map(
        ({ member, stream, pinned, shards, leaving, heartbeatAgeMs, sessionMs }) => ({
          name: member,
          stream: streamOf(stream),
          shards,
          leaving,
          ...(pinned === undefined ? {} : { pinned }),
          heartbeatAgeMs: Math.round(heartbeatAgeMs),
          sessionMs,
        }),
      ),
      streams: [...new Set(lags.map(({ stream }) => streamOf(stream)))],
      lag: totalLag(lags),
      shards: lags.map((lag) => ({
        stream: streamOf(lag.stream),
        incarnation: lag.incarnation,
        shard: lag.shard,
        holder: holderOf(group, lag) ?? null,
        offset: lag.offset ?? null,
        end: lag.end,
        lag: { records: lag.records, bytes: lag.bytes, seconds: lag.seconds ?? null },
      })),
    },
  }
}

function holderOf(group: GroupDescription, lag: ShardLag): string | undefined {
  return group.members.find(
    ({ incarnation, shards }) => incarnation === lag.incarnation && shards.includes(lag.shard),
  )?.member
}

/** Streams of the group's own namespace are called as its config calls them. */
function localName(namespace: string, stream: string): string {
  return stream.startsWith(`${namespace}/`) ? stream.slice(namespace.length + 1) : stream
}

async function reset(
  context: NativeContext,
  namespace: string,
  name: string,
  { stream: streamName, shards, to, dryRun, force }: ResetBody,
): Promise<object> {
  const { engine } = context
  const group = found(context, namespace, name)
  const stream = readBy(context, group, namespace, streamName)
  const resets = await planReset(engine.log, { group, stream, shards, to })
  if (group.members.length > 0 && !force && !dryRun) throw active(name, group)
  if (!dryRun) await engine.groups.reset(group.group, resetOffsets(stream, resets))
  return {
    apiVersion: API_VERSION,
    kind: 'ConsumerGroupReset',
    metadata: { name, namespace },
    stream: streamName,
    dryRun,
    shards: resets.map(({ shard, before, after }) => ({ shard, before: before ?? null, after })),
  }
}

/** A stream that the group reads: an offset in another one would be a lag for ever. */
function readBy(
  { engine }: NativeContext,
  { group, members, offsets }: GroupDescription,
  namespace: string,
  name: string,
): StreamDescription {
  const [stream] = engine.streams.describe([`${namespace}/${name}`])
  const reading = [...members, ...offsets]
  if (stream !== undefined && reading.some(({ incarnation }) => incarnation === stream.incarnation))
    return stream
  const names = [...new Set(reading.map((one) => localName(namespace, one.stream)))]
  throw new HeadgateError(
    'NotFound',
    `expected a stream that the group ${configGroup(group).group} reads, got ${JSON.stringify(name)}`,
    { hint: `It reads ${names.join(', ')}.` },
  )
}

function active(name: string, { members }: GroupDescription): HeadgateError {
  const some = members.map(({ member }) => member).slice(0, 3)
  const count = members.length === 1 ? '1 live member' : `${members.length} live members`
  const more = members.length > some.length ? ', …' : ''
  return new HeadgateError(
    'GroupActive',
    `the group ${name} has ${count}: ${some.join(', ')}${more}`,
    {
      hint: 'Stop them first. With force they go on from the new place within seconds, and what they have under way comes again.',
    },
  )
}
