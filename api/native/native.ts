/** The native API: the Kubernetes wire for the five kinds, sources, retained streams, consumer groups and records. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { serveApplySet } from './apply-set.ts'
import { serveBackups } from './backups.ts'
import { serveConsumerGroups } from './consumer-groups.ts'
import type { NativeContext } from './context.ts'
import { serveDiscovery } from './discovery.ts'
import { serveEvents } from './events.ts'
import { serveGroupMembers } from './group-members.ts'
import { SERVED_KINDS } from './kinds.ts'
import { serveNamespaces } from './namespaces.ts'
import { serveOpenApi } from './openapi/serve-openapi.ts'
import { serveOwnership } from './ownership.ts'
import { servePipelineFlows } from './pipeline-flows.ts'
import { servePipelineResets } from './pipeline-resets.ts'
import { servePipelineRuns } from './pipeline-runs.ts'
import { servePipelineTaps } from './pipeline-taps.ts'
import { serveReconcile } from './reconcile.ts'
import { serveRecords } from './records.ts'
import { serveRedrives } from './redrives.ts'
import { serveResources } from './resources.ts'
import { serveRetainedStreams } from './retained-streams.ts'
import { serveRevisions } from './revisions.ts'
import { serveSources } from './sources.ts'
import { StatusError } from './status.ts'
import { serveStreamUsages } from './stream-usages.ts'
import { serveSuspensions } from './suspensions.ts'
import { serveWhy } from './why.ts'
import { serveWrites } from './writes/serve-writes.ts'

/** curl says that what it sends is a form; that is as good as saying nothing. */
const JSON_TYPES = /^(application\/(?:[\w.-]+\+)?json|application\/x-www-form-urlencoded)\s*(;|$)/i

const YAML_TYPE = /^application\/yaml\s*(;|$)/i

export function serveNative(server: FastifyInstance, context: NativeContext): void {
  server.addHook('onRequest', async (request) => requireJson(request))
  serveDiscovery(server)
  serveOpenApi(server)
  serveNamespaces(server, context)
  serveEvents(server, context)
  serveResources(server, context)
  serveWrites(server, context)
  serveSources(server, context)
  serveRetainedStreams(server, context)
  serveConsumerGroups(server, context)
  serveGroupMembers(server, context)
  serveStreamUsages(server, context)
  serveRecords(server, context)
  serveRedrives(server, context)
  serveBackups(server, context)
  serveRevisions(server, context)
  serveSuspensions(server, context)
  servePipelineRuns(server, context)
  servePipelineTaps(server, context)
  servePipelineResets(server, context)
  servePipelineFlows(server, context)
  serveReconcile(server, context)
  serveWhy(server, context)
  serveApplySet(server, context)
  serveOwnership(server, context)
}

/** Only where something is posted: a refusal of a write says more than a refusal of its content type. Objects may be YAML. */
async function requireJson(request: FastifyRequest): Promise<void> {
  const type = request.headers['content-type']
  // The other APIs take what they take whatever it is called.
  if (!request.url.startsWith('/api')) return
  if (request.method !== 'POST' || type === undefined || JSON_TYPES.test(type)) return
  if (YAML_TYPE.test(type) && takesObjects(request)) return
  // What is Kubernetes' own is refused in any form.
  if (request.url.startsWith('/api/v1/')) return
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `expected the content type application/json, got ${JSON.stringify(type.slice(0, 100))}`,
  )
}

function takesObjects({ routeOptions }: FastifyRequest): boolean {
  return SERVED_KINDS.some(({ plural }) => routeOptions.url?.endsWith(`/${plural}`) === true)
}
