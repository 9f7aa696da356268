/** Tries outputs in order: what one did not deliver goes to the next, with the reason. */
import { asHeadgateError } from '../../error.ts'
import { type Delivery, defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { outputsField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { failureOf, undelivered } from './undelivered.ts'
import { WrappedOutputs } from './wrapped-outputs.ts'

export const fallback: OutputDefinition = defineOutput({
  name: 'fallback',
  status: 'stable',
  effects: 'none',
  summary: 'Tries outputs in order, until one delivers.',
  description: `Only the messages that an output did not deliver go to the next, with its reason in the metadata
\`fallback_error\`. What the last one does not deliver is rejected.`,
  config: outputsField({ description: 'Outputs, the first choice first.' }),
  delivery: 'wraps',
  takesFailed: ([index]) => index !== 0,
  check: (outputs) =>
    outputs.length > 0 ? [] : [{ path: [], message: 'expected at least 1 output, got none' }],
  examples: [
    {
      title: 'A file for what could not be sent, or failed before',
      config: [
        { reject_errored: { http_client: { url: 'http://127.0.0.1:8080/in' } } },
        { file: { path: './failed.jsonl' } },
      ],
    },
  ],
  build: async (configs, context) => {
    const wrapped = await WrappedOutputs.build(context, configs, [])
    return {
      connect: (signal) => wrapped.connect(signal),
      write: (batch, delivery) => writeToFirst(wrapped, batch, delivery),
      relay: (order) => wrapped.relay(order),
      close: () => wrapped.close(),
    }
  },
})

async function writeToFirst(
  outputs: WrappedOutputs,
  batch: Batch,
  delivery: Delivery,
): Promise<void> {
  let left = batch
  for (const [index, output] of outputs.all.entries()) {
    try {
      return await output.write(left, delivery)
    } catch (thrown) {
      const error = asHeadgateError(thrown)
      left = undelivered(error, left)
      const last = index === outputs.all.length - 1
      if (last || outputs.ends(delivery)) throw failureOf(left, batch, error)
      left = left.map((message) => withReason(message, error.message))
    }
  }
}

function withReason(message: Message, reason: string): Message {
  const metadata = new Map([...message.metadataKeys()].map((key) => [key, message.metadata(key)]))
  return message.withMetadata(metadata.set('fallback_error', reason))
}
