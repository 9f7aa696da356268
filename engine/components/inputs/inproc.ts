/** Reads what other pipelines of the process write to an `inproc` output of the same id. */
import { Type } from '../../../crds/typebox.ts'
import { defineInput, type InputBatch, type InputDefinition } from '../../pipelines/component.ts'
import { inprocChannel, type Offer } from '../inproc-hub.ts'

export const inprocInput: InputDefinition = defineInput({
  name: 'inproc',
  status: 'stable',
  effects: 'none',
  summary: 'Reads what an `inproc` output of the same id writes, in this process.',
  description: `Pipelines of one namespace meet by the id; they may start in any order. Of several readers each batch goes to one. What
is rejected here is rejected there, so the input of the other pipeline repeats it or does not.`,
  config: Type.String({ minLength: 1, description: 'The id.', examples: ['orders'] }),
  nack: 'source',
  examples: [{ title: 'From another pipeline', config: 'orders' }],
  build: (id, { environment: { engine, namespace } }) => {
    const channel = inprocChannel(engine, namespace, id)
    return {
      connect: async () => {},
      read: (signal) => {
        const offer = signal.aborted ? undefined : channel.take()
        return offer === undefined ? channel.wait(signal).then(given) : given(offer)
      },
      close: async () => {},
    }
  },
})

function given(offer: Offer | undefined): InputBatch | undefined {
  return offer
}
