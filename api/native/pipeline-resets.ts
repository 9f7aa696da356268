/** Moves where a Pipeline or a Sink reads on in the streams that it reads. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readAgainOf, type StreamMove, skippedOf } from '../../controllers/resets/move-positions.ts'
import { kinds } from '../../crds/kinds.ts'
import { API_VERSION, type Identity } from '../../crds/resource.ts'
import { configGroup } from '../../engine/pipelines/group-name.ts'
import type { RecordAmount, ShardMove } from '../../engine/streams/position-move.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { beneath, type PathItem, type PathItems } from './openapi/path-item.ts'
import { anyObject, flag, integer, list, object, text } from './openapi/schema.ts'
import { formatTimeUs } from './records-position.ts'
import { readMoveBody } from './reset-request.ts'

const KINDS = [kinds.Pipeline, kinds.Sink] as const

function pathItem(kind: string): PathItem {
  return {
    post: {
      summary: `Moves where a ${kind} reads on; it stops for that and starts there.`,
      body: object('Where to.', {
        to: text('earliest, latest, a time or a sequence.'),
        'stream?': text('One of those that it reads; the only one where absent.'),
        'shards?': list('Which shards; all where absent.', integer('A shard.')),
        'dryRun?': flag('Says what would be, and moves nothing.'),
      }),
      answers: {
        200: {
          description: 'Each shard, from where to where, and what is read again or skipped.',
          schema: anyObject('The reset.'),
        },
      },
    },
  }
}

export const PIPELINE_RESET_PATHS: PathItems = beneath(
  BASE,
  Object.fromEntries(
    KINDS.map(({ kind, plural }) => [
      `/namespaces/{namespace}/${plural}/{name}/reset`,
      pathItem(kind),
    ]),
  ),
)

export function servePipelineResets(
  server: FastifyInstance,
  { controlPlane: { runs } }: NativeContext,
): void {
  for (const { kind, plural } of KINDS)
    server.post(`${BASE}/namespaces/:namespace/${plural}/:name/reset`, async (request) => {
      const identity = identityOf(kind, request)
      requireAccess('Write', identity)
      const wish = readMoveBody(bodyObject(request))
      const { moves, runs: isRunning } = await runs.reset(identity, wish)
      return {
        apiVersion: API_VERSION,
        kind: `${kind}Reset`,
        metadata: { name: identity.name, namespace: identity.namespace },
        dryRun: wish.dryRun,
        runs: isRunning,
        readAgain: amountAnswer(readAgainOf(moves)),
        skipped: amountAnswer(skippedOf(moves)),
        streams: moves.map(streamAnswer),
      }
    })
}

function identityOf(kind: 'Pipeline' | 'Sink' | string, request: FastifyRequest): Identity {
  return {
    kind: kind === 'Sink' ? 'Sink' : 'Pipeline',
    namespace: parameter(request, 'namespace'),
    name: parameter(request, 'name'),
  }
}

function streamAnswer({ stream, group, shards }: StreamMove): object {
  return { stream, group: configGroup(group).group, shards: shards.map(shardAnswer) }
}

function shardAnswer(move: ShardMove): object {
  const { shard, committed, from, to, readAgain, skipped, gone } = move
  return {
    shard,
    committed: committed ?? null,
    from,
    to,
    readAgain: amountAnswer(readAgain),
    skipped: amountAnswer(skipped),
    ...(gone === undefined ? {} : { gone }),
  }
}

function amountAnswer({ records, bytes, oldestUs }: RecordAmount): object {
  return { records, bytes, oldest: oldestUs === undefined ? null : formatTimeUs(oldestUs) }
}
