/** Hands batches to `inproc` inputs of the same id in other pipelines of the process. */
import { Type } from '../../../crds/typebox.ts'
import { type Delivery, defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import type { Batch } from '../../pipelines/message.ts'
import { BatchError, isOriginLost } from '../../pipelines/transaction.ts'
import { type InprocChannel, inprocChannel } from '../inproc-hub.ts'

/** Whoever reads decides how much it takes; this bounds what waits for it. */
export const INPROC_WRITES_MAX = 1_024

export const inprocOutput: OutputDefinition = defineOutput({
  name: 'inproc',
  status: 'stable',
  effects: 'none',
  summary: 'Hands messages to an `inproc` input of the same id, in this process.',
  description: `Pipelines of one namespace meet by the id; they may start in any order, and a batch waits for a reader. It is delivered
when the other pipeline delivered it: nothing is stored in between. Of several readers each batch goes to one; several
writers of an id share it.`,
  config: Type.String({ minLength: 1, description: 'The id.', examples: ['orders'] }),
  delivery: 'sends',
  writesAtOnce: INPROC_WRITES_MAX,
  examples: [{ title: 'To another pipeline', config: 'orders' }],
  build: (id, { environment: { engine, namespace } }) => {
    const channel = inprocChannel(engine, namespace, id)
    return {
      connect: async () => {},
      write: (batch, delivery) => hand(channel, batch, delivery),
      close: async () => {},
    }
  },
})

async function hand(channel: InprocChannel, batch: Batch, { signal }: Delivery): Promise<void> {
  const outcome = await channel.offer(batch, signal)
  if (outcome === undefined) return
  const failed = batch.filter((message) => outcome.origins.has(message.origin))
  if (failed.length === batch.length || isOriginLost(outcome, batch)) throw outcome.error
  throw new BatchError(new Map(failed.map((message) => [message, outcome.error])))
}
