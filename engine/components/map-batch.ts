/** Runs a mapping over a batch, message by message: what `mapping`, `bloblang` and `mutation` have in common. */
import type { MappingResult } from '../bloblang/mapping.ts'
import type { BuildContext } from '../pipelines/build-context.ts'
import type { Processor } from '../pipelines/component.ts'
import type { Batch, Message } from '../pipelines/message.ts'

/** A message that the mapping fails on is passed on as it was, flagged. */
export function mapBatch(
  context: BuildContext,
  map: (batch: Batch, index: number) => MappingResult,
): Processor {
  return {
    process(batch) {
      const mapped: Message[] = []
      for (let index = 0; index < batch.length; index++) {
        const message = batch[index]
        if (message === undefined) continue
        try {
          const result = message.withResult(map(batch, index))
          if (result !== undefined) mapped.push(result)
        } catch (thrown) {
          mapped.push(message.withFailure(context.failure(thrown)))
        }
      }
      return mapped.length === 0 ? [] : [mapped]
    },
  }
}
