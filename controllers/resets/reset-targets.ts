/** Which shards of which streams a reset of a Pipeline or Sink is about, as its config reads them. */
import { type Identity, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { Where } from '../../engine/log/log.ts'
import { engineGroup } from '../../engine/pipelines/group-name.ts'
import type { StreamReading } from '../../engine/pipelines/stream-readings.ts'
import type { StreamDescription, Streams } from '../../engine/streams/streams.ts'
import { nearest } from '../../engine/suggest.ts'

export interface ResetWish {
  readonly to: Where
  /** The only one that it reads where absent. */
  readonly stream: string | undefined
  /** All where absent. */
  readonly shards: readonly number[] | undefined
}

export interface ResetTarget {
  /** As the config calls it. */
  readonly name: string
  readonly stream: StreamDescription
  /** As the engine calls it. */
  readonly group: string
  readonly shards: readonly number[] | undefined
}

export interface ResetReader {
  readonly identity: Identity
  readonly readings: readonly StreamReading[]
}

/** Throws NotFound and BadRequest for a wish that cannot be meant, DependencyNotReady while a stream is not there. */
export function resetTargets(
  { identity, readings }: ResetReader,
  wish: ResetWish,
  streams: Pick<Streams, 'describe'>,
): readonly ResetTarget[] {
  if (readings.length === 0) throw readsNone(identity)
  const chosen =
    wish.stream === undefined ? readings : readings.filter(({ stream }) => stream === wish.stream)
  if (chosen.length === 0) throw doesNotRead(identity, wish.stream ?? '', namesOf(readings))
  requireOneStream(identity, wish, namesOf(chosen))
  return chosen.map(({ stream: name, group, shards }) => {
    const [stream] = streams.describe([`${identity.namespace}/${name}`])
    if (stream === undefined)
      throw new HeadgateError('DependencyNotReady', `There is no stream ${name}.`, {
        hint: 'There is a position to move once it is declared.',
      })
    return {
      name,
      stream,
      group: engineGroup(identity.namespace, group),
      shards: shardsOf(identity, wish, shards),
    }
  })
}

export function readsNone(identity: Identity): HeadgateError {
  return new HeadgateError('BadRequest', `${identityText(identity)} reads no stream of Headgate.`, {
    hint: 'What it reads keeps its own position: move it there, as `kafka-consumer-groups.sh --reset-offsets` does for Kafka while the pipeline is paused. A file or a finite input begins again with a restart.',
  })
}

function doesNotRead(identity: Identity, stream: string, names: readonly string[]): HeadgateError {
  const meant = nearest(stream, names)
  return new HeadgateError('NotFound', `${identityText(identity)} does not read ${stream}.`, {
    hint: meant === undefined ? `It reads ${names.join(', ')}.` : `Did you mean ${meant}?`,
  })
}

/** A shard or a sequence says nothing about several streams; a time and an end do. */
function requireOneStream(
  identity: Identity,
  { to, shards }: ResetWish,
  names: readonly string[],
): void {
  if (names.length < 2 || (shards === undefined && to.kind !== 'sequence')) return
  throw new HeadgateError(
    'BadRequest',
    `${identityText(identity)} reads ${names.join(' and ')}: expected one of them beside ${shards === undefined ? 'a sequence' : 'shards'}`,
    { hint: `Name the stream, for example ${names[0]}.` },
  )
}

function shardsOf(
  identity: Identity,
  { shards }: ResetWish,
  read: readonly number[] | undefined,
): readonly number[] | undefined {
  if (read === undefined || shards === undefined) return shards ?? read
  const other = shards.find((shard) => !read.includes(shard))
  if (other === undefined) return shards
  throw new HeadgateError(
    'ShardOutOfRange',
    `${identityText(identity)} reads the shards ${read.join(', ')} only, got ${other}`,
  )
}

function namesOf(readings: readonly StreamReading[]): readonly string[] {
  return [...new Set(readings.map(({ stream }) => stream))]
}
