/**
 * What happened lately, as events of Kubernetes in both of their forms: `kubectl describe` and `kubectl get events` ask
 * for the old one, `events.k8s.io/v1` is the new one. An event of a Source stands in the namespace default.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { rfc3339 } from '../../controllers/status/conditions.ts'
import type { ControlEvent } from '../../controllers/status/events.ts'
import { API_VERSION, type ResourceObject } from '../../crds/resource.ts'
import { answerList, answerObject, wantsWatch } from './answer-objects.ts'
import { type NativeContext, parameter, query, requireAccess } from './context.ts'
import { EVENT } from './core-kinds.ts'
import type { PathItem, PathItems } from './openapi/path-item.ts'
import { anyObject } from './openapi/schema.ts'
import { wantedOf } from './representation.ts'
import { readSelectors } from './selectors.ts'
import { StatusError } from './status.ts'
import { columnDefinitions, partial, table, tableRow } from './table.ts'
import { readWatchQuery } from './watch-query.ts'
import { eventLine } from './watch-resources.ts'
import { WatchStream } from './watch-stream.ts'

type EventForm = 'v1' | 'events.k8s.io/v1'

const BASES: Readonly<Record<EventForm, string>> = {
  v1: '/api/v1',
  'events.k8s.io/v1': '/apis/events.k8s.io/v1',
}

const SUBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion']
const FIELDS: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'type',
  'reason',
  'reportingController',
  'reportingComponent',
  ...SUBJECT_FIELDS.flatMap((field) => [`involvedObject.${field}`, `regarding.${field}`]),
]

function pathItem(form: EventForm, action: 'list' | 'get'): PathItem {
  const group = form === 'v1' ? '' : 'events.k8s.io'
  const schema = anyObject('As Kubernetes has it.')
  return {
    get: {
      summary:
        action === 'list' ? 'Lists what happened lately, or watches it.' : 'Reads one event.',
      answers: { 200: { description: 'Events.', schema } },
      action,
      of: { group, version: 'v1', kind: 'Event' },
    },
  }
}

export const EVENT_PATHS: PathItems = Object.fromEntries(
  (['v1', 'events.k8s.io/v1'] as const).flatMap((form) => [
    [`${BASES[form]}/events`, pathItem(form, 'list')],
    [`${BASES[form]}/namespaces/{namespace}/events`, pathItem(form, 'list')],
    [`${BASES[form]}/namespaces/{namespace}/events/{name}`, pathItem(form, 'get')],
  ]),
)

export function serveEvents(server: FastifyInstance, context: NativeContext): void {
  for (const form of ['v1', 'events.k8s.io/v1'] as const) {
    const base = BASES[form]
    server.get(`${base}/events`, (request, reply) =>
      listed(context, request, reply, form, undefined),
    )
    const collection = `${base}/namespaces/:namespace/events`
    server.get(collection, (request, reply) =>
      listed(context, request, reply, form, parameter(request, 'namespace')),
    )
    server.get(`${collection}/:name`, (request, reply) => {
      const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
      requireAccess('Read', { kind: 'Event', namespace, name })
      const found = eventsOf(context, form, namespace).find(
        ({ metadata }) => metadata.name === name,
      )
      if (found !== undefined) return answerObject(context, request, reply, EVENT, found)
      throw new StatusError(404, 'NotFound', `events ${JSON.stringify(name)} not found`, {
        name,
        kind: EVENT.plural,
      })
    })
  }
}

function listed(
  context: NativeContext,
  request: FastifyRequest,
  reply: FastifyReply,
  form: EventForm,
  namespace: string | undefined,
): FastifyReply {
  requireAccess('Read', { kind: 'Event', namespace, name: undefined })
  if (wantsWatch(query(request))) return watched(context, request, reply, form, namespace)
  return answerList(context, request, reply, EVENT, {
    objects: () => eventsOf(context, form, namespace),
    resourceVersion: () => latest(context),
    apiVersion: form,
    fields: FIELDS,
  })
}

function watched(
  { controlPlane, clock, closing }: NativeContext,
  request: FastifyRequest,
  reply: FastifyReply,
  form: EventForm,
  namespace: string | undefined,
): FastifyReply {
  const parameters = query(request)
  const wanted = wantedOf(request)
  const matches = readSelectors(parameters, FIELDS) ?? (() => true)
  const { from = 0, seconds } = readWatchQuery(parameters)
  const stream = new WatchStream(reply, { clock, closing, seconds, bookmark: undefined })
  let isFirst = true
  const tell = (event: ControlEvent): void => {
    const object = eventObject(event, form)
    if (namespace !== undefined && object.metadata.namespace !== namespace) return
    if (!matches(object)) return
    const type = event.count > 1 ? 'MODIFIED' : 'ADDED'
    if (wanted.as === 'object') stream.write(eventLine(type, object))
    else if (wanted.as === 'partial') stream.write(eventLine(type, partial(object)))
    else {
      const row = tableRow(object, EVENT.columns, wanted.include, clock.wallUs())
      const columns = isFirst ? columnDefinitions(EVENT.columns) : null
      stream.write(eventLine(type, table({}, columns, [row])))
    }
    isFirst = false
  }
  for (const event of controlPlane.events.list()) if (event.lastUs > from) tell(event)
  const watching = controlPlane.events.watch(tell)
  stream.onEnd(() => watching[Symbol.dispose]())
  return reply
}

function eventsOf(
  { controlPlane }: NativeContext,
  form: EventForm,
  namespace: string | undefined,
): readonly ResourceObject[] {
  return controlPlane.events
    .list()
    .map((event) => eventObject(event, form))
    .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
}

/** The time of the last one stands for a version: the ring has no other order. */
function latest({ controlPlane }: NativeContext): string {
  const times = controlPlane.events.list().map(({ lastUs }) => lastUs)
  return String(times.reduce((left, right) => Math.max(left, right), 0))
}

function eventObject(event: ControlEvent, form: EventForm): ResourceObject {
  const { id, type, reason, message, regarding, source, firstUs, lastUs, count } = event
  const namespace = regarding.namespace ?? 'default'
  const times = { first: rfc3339(firstUs), last: rfc3339(lastUs) }
  const subject = {
    apiVersion: API_VERSION,
    kind: regarding.kind,
    name: regarding.name,
    ...(regarding.namespace === undefined ? {} : { namespace }),
    ...(regarding.uid === undefined ? {} : { uid: regarding.uid }),
  }
  const metadata = {
    name: `${regarding.name}.${id.toString(16)}`,
    namespace,
    creationTimestamp: times.first,
    resourceVersion: String(lastUs),
  }
  const reporting = { type, reason, action: reason }
  const body: object =
    form === 'v1'
      ? {
          ...reporting,
          involvedObject: subject,
          message,
          firstTimestamp: times.first,
          lastTimestamp: times.last,
          count,
          source: { component: `headgate/${source}` },
          reportingComponent: 'headgate.dev/control-plane',
          reportingInstance: source,
        }
      : {
          ...reporting,
          regarding: subject,
          note: message,
          eventTime: times.first.replace('Z', '.000000Z'),
          ...(count > 1
            ? { series: { count, lastObservedTime: times.last.replace('Z', '.000000Z') } }
            : {}),
          reportingController: 'headgate.dev/control-plane',
          reportingInstance: source,
        }
  return { apiVersion: form, kind: 'Event', metadata, ...body }
}
