/** Retained streams: sealed, readable, and gone once they are purged. */
import { HeadgateError } from '../../engine/error.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import { purgeStream } from '../apply/purge-stream.ts'
import type { RetainedStreams } from '../control-plane.ts'
import { streamName } from '../plan/stream-record.ts'
import { byName } from '../status/resource-objects.ts'
import { retainedObject } from '../status/retained-object.ts'
import type { Running } from './running.ts'

export function retainedOf(running: Running): RetainedStreams {
  const { options, loops, times } = running
  const { streams } = options.engine
  return {
    list: (namespace) =>
      streams
        .describe()
        .filter(({ sealed, name }) => sealed !== undefined && isIn(namespace, name))
        .map((stream) => retainedObject(stream, times))
        .sort(byName),
    get(namespace, name) {
      const stream = sealedStream(namespace, name, running)
      return stream && retainedObject(stream, times)
    },
    async purge(namespace, name) {
      const stream = sealedStream(namespace, name, running)
      if (stream === undefined)
        throw new HeadgateError('NotFound', `There is no retained stream ${namespace}/${name}.`, {
          hint: 'List them with `headgate get retained`.',
        })
      await purgeStream(stream, streams)
      for (const loop of loops.values()) loop.planAgain()
    },
  }
}

function isIn(namespace: string | undefined, streamNameOfEngine: string): boolean {
  return namespace === undefined || streamNameOfEngine.startsWith(`${namespace}/`)
}

export function sealedStream(
  namespace: string,
  name: string,
  { options }: Running,
): StreamDescription | undefined {
  const [stream] = options.engine.streams.describe([streamName({ namespace, name })])
  return stream?.sealed === undefined ? undefined : stream
}
