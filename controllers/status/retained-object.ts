/** A retained stream as an object: its data are there to read, until it is purged or declared again. */
import { API_VERSION, type ResourceObject } from '../../crds/resource.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import { resourceOf } from '../apply/observe.ts'
import { streamIdentity } from '../plan/stream-record.ts'
import { streamStatus } from '../reconcilers/stream-reconciler.ts'
import { isSo, rfc3339, type TransitionTimes } from './conditions.ts'

export function retainedObject(stream: StreamDescription, times: TransitionTimes): ResourceObject {
  const { namespace, name } = streamIdentity(stream.name)
  const { sealed, retainForMs } = stream
  const ready = isSo(
    'Ready',
    'Sealed',
    'It can be read, not written, until it is purged or declared again.',
  )
  const expires =
    sealed === undefined || retainForMs === undefined
      ? {}
      : { expires: rfc3339(sealed.sinceUs + retainForMs * 1_000) }
  return {
    apiVersion: API_VERSION,
    kind: 'RetainedStream',
    metadata: {
      name,
      namespace,
      uid: stream.uid,
      creationTimestamp: rfc3339(stream.createdUs),
    },
    spec: resourceOf(stream).spec,
    status: {
      id: stream.id,
      owner: sealed?.by,
      ...(sealed === undefined ? {} : { sealed: rfc3339(sealed.sinceUs) }),
      ...expires,
      ...streamStatus(stream),
      conditions: times.stamp(`RetainedStream/${stream.name}`, [ready]),
    },
  }
}
