/** What a set declares, as far as running one of its pipelines on records needs it. */

import { PIPELINE_FIELDS_OF_OURS } from '../../crds/pipeline.ts'
import { compileEventCheck, type EventCheck } from '../../engine/events/event-check.ts'
import { resolveEventType, type TypeDeclaration } from '../../engine/events/event-type.ts'
import type { StreamDeclaration } from '../../engine/pipelines/testing-kit/streams-in-memory.ts'
import { shardsDeclared } from '../plan/stream-record.ts'
import type { Resource, ResourceSet } from '../sets/resource-set.ts'

export interface DeclaredPipeline {
  /** The stream config. */
  readonly config: unknown
  /** That declares it, as its set names it. */
  readonly file: string
}

/** Of one namespace, each by its name. */
export interface Declared {
  readonly pipelines: ReadonlyMap<string, DeclaredPipeline>
  readonly streams: ReadonlyMap<string, StreamDeclaration>
  /** Of typed streams. */
  readonly checks: Readonly<Record<string, EventCheck>>
}

export const NOTHING_DECLARED: Declared = { pipelines: new Map(), streams: new Map(), checks: {} }

export function declaredIn(set: ResourceSet, namespace: string): Declared {
  const members = [...set.members.values()].flatMap((member) =>
    member.state === 'valid' && member.identity.namespace === namespace ? member : [],
  )
  const of = (kind: string): readonly Resource[] =>
    members.flatMap(({ identity, resource }) => (identity.kind === kind ? resource : []))
  const types = new Map(
    of('StreamType').map(({ identity, spec }) => [identity.name, spec as TypeDeclaration]),
  )
  const streams = of('Stream').map((stream) => ({ name: stream.identity.name, stream }))
  return {
    pipelines: new Map(
      members.flatMap(({ identity, resource, origin }) => {
        if (identity.kind !== 'Pipeline') return []
        return [[identity.name, { config: configOf(resource.spec), file: origin.file }]]
      }),
    ),
    streams: new Map(streams.map(({ name, stream }) => [name, declarationOf(stream)])),
    checks: Object.fromEntries(
      streams.flatMap(({ name, stream }) => {
        const check = checkOf(stream, types)
        return check === undefined ? [] : [[name, check]]
      }),
    ),
  }
}

function configOf(spec: Resource['spec']): unknown {
  const ours: readonly string[] = PIPELINE_FIELDS_OF_OURS
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !ours.includes(name)))
}

function declarationOf(stream: Resource): StreamDeclaration {
  const compaction = stream.spec['compaction'] === 'key' ? 'key' : 'none'
  return { shards: shardsDeclared(stream), compaction }
}

/** A type that is wrong, or not among what was read, checks nothing: the set tells of it. */
function checkOf(
  { spec }: Resource,
  types: ReadonlyMap<string, TypeDeclaration>,
): EventCheck | undefined {
  if (typeof spec['type'] !== 'string') return undefined
  const resolved = resolveEventType(spec['type'], types)
  return resolved.ok ? compileEventCheck(resolved.type) : undefined
}
