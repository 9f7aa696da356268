/** Rejects messages that carry an error, each with its own, and hands the others to another output. */
import { HeadgateError } from '../../error.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { outputField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { allDelivered } from './undelivered.ts'

export const rejectErrored: OutputDefinition = defineOutput({
  name: 'reject_errored',
  status: 'stable',
  effects: 'none',
  summary: 'Rejects messages that failed at a processor; the others go to the output within it.',
  config: outputField({ description: 'Where messages without an error go.' }),
  delivery: 'wraps',
  examples: [{ title: 'Only what was processed well', config: { stdout: {} } }],
  build: async (config, context) => {
    const output = await context.output(config, [])
    return {
      connect: (signal) => output.connect(signal),
      write: (batch, delivery) => {
        const good = batch.filter((message) => message.failure() === undefined)
        if (good.length === batch.length) return output.write(batch, delivery)
        const rejection = rejectionOf(batch)
        if (good.length === 0) throw rejection
        return allDelivered([
          { batch: good, written: output.write(good, delivery) },
          { batch, written: Promise.reject(rejection) },
        ])
      },
      relay: (order) => output.relay?.(order),
      close: () => output.close(),
    }
  },
})

function rejectionOf(batch: Batch): BatchError {
  return new BatchError(
    new Map(
      batch.flatMap((message) => {
        const failure = message.failure()
        if (failure === undefined) return []
        const error = new HeadgateError('OutputFailed', `rejected, for it failed: ${failure.text}`)
        return [[message, error]]
      }),
    ),
  )
}
