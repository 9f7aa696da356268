/** What happened lately, as the server tells it in Kubernetes' own form. */
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { ageText } from './amounts.ts'
import type { Client } from './client.ts'
import type { Gettable } from './kind-names.ts'
import { aligned } from './table.ts'

/** An event of `v1`. */
export interface EventObject {
  readonly metadata: { readonly namespace?: string; readonly name: string }
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly count?: number
  readonly firstTimestamp?: string | null
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
  readonly involvedObject: {
    readonly kind?: string
    readonly namespace?: string
    readonly name?: string
  }
}

export async function listEvents(
  client: Client,
  namespace: string | undefined,
  fields: string | undefined,
): Promise<readonly EventObject[]> {
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  const query = fields === undefined ? '' : `?fieldSelector=${encodeURIComponent(fields)}`
  const { items } = await client.json<{ items: readonly EventObject[] }>(
    'GET',
    `/api/v1${place}/events${query}`,
  )
  return [...items].sort((a, b) => (lastOf(a) < lastOf(b) ? -1 : lastOf(a) > lastOf(b) ? 1 : 0))
}

/** Of one resource; nothing where the server knows of no events. */
export async function eventsAbout(
  client: Client,
  { kind }: Gettable,
  namespace: string | undefined,
  name: string,
): Promise<readonly EventObject[]> {
  const fields = `involvedObject.kind=${kind},involvedObject.name=${name}`
  return await listEvents(client, namespace, fields).catch((error: unknown) => {
    if (error instanceof HeadgateError && error.code !== 'ServerUnreachable') return []
    throw error
  })
}

export function eventsTable(events: readonly EventObject[], withNamespace: boolean): string {
  const nowMs = realClock.wallUs() / 1000
  const rows = events.map((event) => {
    const { type = '', reason = '', message = '', count = 1, involvedObject } = event
    const { kind = '', name = '', namespace = '' } = involvedObject
    return [
      ...(withNamespace ? [namespace] : []),
      ageText(nowMs - Date.parse(lastOf(event))),
      type,
      reason,
      `${kind.toLowerCase()}/${name}`,
      count > 1 ? `${message} (${count} times)` : message,
    ]
  })
  const head = [
    ...(withNamespace ? ['NAMESPACE'] : []),
    'SEEN',
    'TYPE',
    'REASON',
    'OBJECT',
    'MESSAGE',
  ]
  return aligned([head, ...rows])
}

function lastOf({ lastTimestamp, eventTime, firstTimestamp }: EventObject): string {
  return lastTimestamp ?? eventTime ?? firstTimestamp ?? ''
}
