/** `spec.reset` of a Pipeline or a Sink, read, and the name by which it is known that it was carried out. */
import { createHash } from 'node:crypto'
import { fieldsOf } from '../../crds/spec-reading.ts'
import { whereOf } from '../../engine/log/where-text.ts'
import type { ResetWish } from './reset-targets.ts'

export interface DeclaredReset extends ResetWish {
  readonly id: string
  /** As it was written. */
  readonly text: string
  /** Of all that it says: one that says something else is another one, whatever its id. */
  readonly digest: string
}

type Spec = Readonly<Record<string, unknown>>

/** Undefined where there is none; the layers of validation refuse one that cannot be read. */
export function declaredReset(spec: Spec): DeclaredReset | undefined {
  const { id, to: written, stream, shards } = fieldsOf(spec['reset'])
  const text = String(written)
  const to = whereOf(text)
  if (typeof id !== 'string' || to === undefined) return undefined
  const wanted = shardsOf(shards)
  const name = typeof stream === 'string' ? stream : undefined
  const digest = createHash('sha256')
    .update(JSON.stringify([id, text, name ?? null, wanted ?? null]))
    .digest('hex')
  return { id, to, text, stream: name, shards: wanted, digest }
}

function shardsOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined
  const shards = value.filter((shard): shard is number => Number.isInteger(shard))
  return [...new Set(shards)].sort((a, b) => a - b)
}
