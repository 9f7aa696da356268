/**
 * How a Pipeline or a Sink flows: how long messages take to be delivered, and how far it is behind in what it reads. It is
 * apart from their status because it changes with each record.
 */
import type { FastifyInstance } from 'fastify'
import { kinds } from '../../crds/kinds.ts'
import { API_VERSION, type Identity } from '../../crds/resource.ts'
import { engineGroup } from '../../engine/pipelines/group-name.ts'
import type { MetricSeries } from '../../engine/pipelines/pipeline.ts'
import {
  type GroupLags,
  lagsByGroup,
  streamsBehind,
} from '../../engine/pipelines/streams-behind.ts'
import { BASE, type NativeContext, parameter, requireAccess } from './context.ts'
import { beneath, type PathItem, type PathItems } from './openapi/path-item.ts'
import { anyObject } from './openapi/schema.ts'
import { notFound } from './status.ts'

const KINDS = [
  { kind: 'Pipeline', plural: kinds.Pipeline.plural },
  { kind: 'Sink', plural: kinds.Sink.plural },
] as const

function pathItem(kind: string): PathItem {
  return {
    get: {
      summary: `Tells how long messages take through a ${kind}, and how far it is behind in the streams that it reads.`,
      answers: {
        200: {
          description:
            'Seconds from arrival to delivery since it was started, and what is to be read.',
          schema: anyObject('The flow; of what does not run there is none.'),
        },
      },
    },
  }
}

export const PIPELINE_FLOW_PATHS: PathItems = beneath(
  BASE,
  Object.fromEntries(
    KINDS.map(({ kind, plural }) => [
      `/namespaces/{namespace}/${plural}/{name}/flow`,
      pathItem(kind),
    ]),
  ),
)

export function servePipelineFlows(server: FastifyInstance, context: NativeContext): void {
  for (const { kind, plural } of KINDS)
    server.get(`${BASE}/namespaces/:namespace/${plural}/:name/flow`, async (request) => {
      const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
      requireAccess('Read', { kind, namespace, name })
      const { resources } = context.controlPlane
      if (resources.get(kind, namespace, name) === undefined) throw notFound(plural, name)
      return {
        apiVersion: API_VERSION,
        kind: `${kind}Flow`,
        metadata: { name, namespace },
        status: await statusOf({ kind, namespace, name }, context),
      }
    })
}

async function statusOf(
  identity: Identity & { readonly namespace: string },
  { controlPlane, engine, groupLag }: NativeContext,
): Promise<object> {
  const flow = controlPlane.flowOf(identity)
  if (flow === undefined) return { running: false }
  const groups = flow.readings.map(({ group }) => engineGroup(identity.namespace, group))
  const lags = await measured([...new Set(groups)], { engine, groupLag })
  const { count: delivered, p50, p90, p99 } = flow.latency
  return {
    running: true,
    delivered,
    latencySeconds: delivered === 0 ? null : { p50, p90, p99 },
    ...lettersOf(controlPlane.seriesOf(identity)),
    streams: streamsBehind(identity.namespace, flow.readings, lags).map(
      ({ stream, records, seconds }) => ({ stream, lag: { records, seconds: seconds ?? null } }),
    ),
  }
}

/** What became a dead letter counts as delivered, so it is told beside that; nothing for what makes none. */
function lettersOf(series: readonly MetricSeries[]): object {
  const made = new Map<string, number>()
  for (const one of series) {
    if (one.kind !== 'counter' || one.name !== 'dead_letters') continue
    const stream = one.labels['dead_letter_stream'] ?? ''
    made.set(stream, (made.get(stream) ?? 0) + one.value)
  }
  if (made.size === 0) return {}
  return { deadLetters: Array.from(made, ([stream, letters]) => ({ stream, letters })) }
}

async function measured(
  groups: readonly string[],
  { engine, groupLag }: Pick<NativeContext, 'engine' | 'groupLag'>,
): Promise<GroupLags> {
  const described = engine.groups.describe(groups)
  return lagsByGroup(
    await Promise.all(
      described.map(async (one) => ({ group: one.group, shards: await groupLag.measure(one) })),
    ),
  )
}
