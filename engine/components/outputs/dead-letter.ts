/** Keeps what failed, on its way or at another output, as dead letters in a stream. */
import { Type } from '../../../crds/typebox.ts'
import { asHeadgateError } from '../../error.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { outputField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { DeadLetters, Undelivered } from '../dead-letter.ts'
import { undelivered } from './undelivered.ts'
import { WrappedOutputs } from './wrapped-outputs.ts'

export const deadLetter: OutputDefinition = defineOutput({
  name: 'dead_letter',
  status: 'stable',
  effects: 'write',
  summary: 'Keeps what failed as dead letters in a stream, from where it can be put back.',
  description: `A message that failed at a processor, or that the output within does not deliver, becomes a dead
letter: the record as it was read, with its key and headers, and headers that say why, where and when it failed. It is
written in one atom with the position of the input: neither lost nor written twice. A record of which a part failed is
kept whole, and nothing of it is written to a stream. Wrap an output that may be away for a moment in \`retry\`, or
everything becomes a dead letter at its first failure. \`headgate redrive\` puts dead letters back.`,
  config: Type.Object({
    stream: Type.String({
      minLength: 1,
      description: 'The stream that takes dead letters, in the namespace of the pipeline.',
    }),
    output: outputField({ description: 'Where everything else goes.' }),
  }),
  delivery: 'wraps',
  // It sees what failed itself, in a strict pipeline too; the output within never does.
  takesFailed: () => false,
  streams: ({ stream }) => [stream],
  examples: [
    {
      title: 'From stream to stream, exactly once',
      config: { stream: 'failed', output: { stream: { name: 'clean' } } },
    },
    {
      title: 'After three tries',
      config: {
        stream: 'failed',
        output: {
          retry: { max_retries: 2, output: { http_client: { url: 'http://127.0.0.1:8080/in' } } },
        },
      },
    },
  ],
  build: async ({ stream, output }, context) => {
    const child = await context.output(output, ['output'])
    const component = `${context.path}.dead_letter.output`
    const letters = new DeadLetters(stream, component, context)
    const wrapped = new WrappedOutputs([child])
    return {
      connect: (signal) => wrapped.connect(signal),
      write: (batch, delivery) => {
        const ends = (): boolean => wrapped.ends(delivery)
        return write(child, batch, delivery, { letters, ends })
      },
      relay: (order) => wrapped.relay(order),
      close: () => wrapped.close(),
    }
  },
})

async function write(
  child: Output,
  batch: Batch,
  delivery: Delivery,
  { letters, ends }: { readonly letters: DeadLetters; readonly ends: () => boolean },
): Promise<void> {
  const results = new Undelivered(letters)
  const sound = results.addFailed(batch)
  if (sound.length > 0) {
    try {
      await child.write(sound, delivery)
    } catch (thrown) {
      if (ends()) throw thrown
      const error = asHeadgateError(thrown)
      const own = error instanceof BatchError ? error.failed : undefined
      for (const message of undelivered(error, sound)) {
        results.add(message, own?.get(message) ?? error)
      }
    }
  }
  results.settle(delivery)
}
