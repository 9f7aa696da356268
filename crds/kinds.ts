/** All kinds, by name: what reads, lists and routes resources asks here which ones there are. */
import { accessPolicy } from './access-policy.ts'
import type { KindDefinition } from './kind.ts'
import { pipeline } from './pipeline.ts'
import type { Kind } from './resource.ts'
import { sink } from './sink.ts'
import { stream } from './stream.ts'
import { streamType } from './stream-type.ts'

export const kinds: Readonly<Record<Kind, KindDefinition>> = {
  StreamType: streamType,
  AccessPolicy: accessPolicy,
  Stream: stream,
  Sink: sink,
  Pipeline: pipeline,
}

export function isKind(name: string): name is Kind {
  return Object.hasOwn(kinds, name)
}
