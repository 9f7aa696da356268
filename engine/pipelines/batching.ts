/** What a batching policy becomes when it is built: for outputs, and for whatever else gathers messages. */
import type { BatchPolicyConfig, BatchTriggers } from './batch-policy.ts'
import type { BuildContext, ProcessorChain } from './build-context.ts'

export interface Batching {
  readonly triggers: BatchTriggers
  /** Run on each whole batch; what they make of it is one batch again. */
  readonly processors: ProcessorChain
}

/** Undefined for a policy that never gathers anything; `at` is where it stands in the component's config. */
export async function batchingOf(
  policy: BatchPolicyConfig | undefined,
  at: readonly (string | number)[],
  context: Pick<BuildContext, 'durationMs' | 'query' | 'processors'>,
): Promise<Batching | undefined> {
  if (policy === undefined) return undefined
  const triggers: BatchTriggers = {
    countMax: (policy.count ?? 0) > 0 ? policy.count : undefined,
    bytesMax: (policy.byte_size ?? 0) > 0 ? policy.byte_size : undefined,
    periodMs: context.durationMs(policy.period ?? ''),
    check: (policy.check ?? '') === '' ? undefined : context.query(policy.check),
  }
  if (Object.values(triggers).every((trigger) => trigger === undefined)) return undefined
  const processors = await context.processors(policy.processors ?? [], [...at, 'processors'])
  return { triggers, processors }
}
