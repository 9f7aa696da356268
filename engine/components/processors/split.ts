/** Parts a batch into smaller ones. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import type { Batch, Message } from '../../pipelines/message.ts'

export const split: ProcessorDefinition = defineProcessor({
  name: 'split',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Parts a batch into smaller ones.',
  description:
    'With a `byte_size` a message that would make a batch larger begins the next one; a message that is larger by itself ' +
    'is a batch of its own.',
  config: Type.Object({
    size: Type.Integer({
      default: 1,
      minimum: 0,
      description: 'How many messages a batch has at most; 0 leaves that open.',
    }),
    byte_size: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'How many bytes the contents of a batch have at most; 0 leaves that open.',
    }),
  }),
  examples: [
    { title: 'Two at a time', config: { size: 2 }, given: [{ id: 1 }], then: [{ id: 1 }] },
  ],
  build: ({ size, byte_size: bytesMax }) => ({
    process: (batch) => (bytesMax > 0 ? byBytes(batch, size, bytesMax) : byCount(batch, size)),
  }),
})

function byCount(batch: Batch, size: number): readonly Batch[] {
  if (size === 0 || batch.length <= size) return [batch]
  const batches: Batch[] = []
  for (let first = 0; first < batch.length; first += size) {
    batches.push(batch.slice(first, first + size))
  }
  return batches
}

function byBytes(batch: Batch, size: number, bytesMax: number): readonly Batch[] {
  const batches: Message[][] = []
  let bytes = 0
  for (const message of batch) {
    const { length } = message.content()
    const last = batches.at(-1)
    if (last === undefined || bytes + length > bytesMax || (size > 0 && last.length >= size)) {
      batches.push([message])
      bytes = length
    } else {
      last.push(message)
      bytes += length
    }
  }
  return batches
}
