/** What a batching policy becomes when it is built: for outputs, and for whatever else gathers messages. */
import type { Query } from '../bloblang/mapping.ts'
import { asHeadgateError } from '../error.ts'
import type { Logger } from '../ports/logger.ts'
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
  context: Pick<BuildContext, 'durationMs' | 'query' | 'processors' | 'environment'>,
): Promise<Batching | undefined> {
  if (policy === undefined) return undefined
  const triggers: BatchTriggers = {
    countMax: (policy.count ?? 0) > 0 ? policy.count : undefined,
    bytesMax: (policy.byte_size ?? 0) > 0 ? policy.byte_size : undefined,
    periodMs: context.durationMs(policy.period ?? ''),
    check:
      (policy.check ?? '') === ''
        ? undefined
        : toldOnce(context.query(policy.check), context.environment.logger),
  }
  if (Object.values(triggers).every((trigger) => trigger === undefined)) return undefined
  const processors = await context.processors(policy.processors ?? [], [...at, 'processors'])
  return { triggers, processors }
}

/** A check that fails counts as false: somebody has to hear of it, and once is enough. */
function toldOnce(check: Query, logger: Logger): Query {
  let isTold = false
  return {
    value: (batch, index) => check.value(batch, index),
    test: (batch, index) => {
      try {
        return check.test(batch, index)
      } catch (thrown) {
        if (!isTold) {
          const reason = asHeadgateError(thrown).message
          logger.warn('the check of a batching policy fails, and counts as false', { reason })
        }
        isTold = true
        return false
      }
    },
  }
}
