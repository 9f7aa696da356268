/** Runs processors on each message until one of them fails on it; those that follow are passed over. */
import type { ProcessorChain } from '../../pipelines/build-context.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { processorsField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { inTurn, whenReady } from '../in-turn.ts'
import { oneBatch } from '../one-batch.ts'

export const tryProcessor: ProcessorDefinition = defineProcessor({
  name: 'try',
  status: 'stable',
  effects: 'none',
  summary: 'Runs processors on each message until one fails on it.',
  description:
    'A message that failed before runs through none of them. Each message is a batch of its own for them; what fails ' +
    'stays flagged, for a `catch` behind.',
  config: processorsField({ description: 'What runs on each message, in order.' }),
  examples: [
    {
      title: 'Nothing follows a failure',
      config: [{ mapping: 'root.n = this.n.number()' }, { mapping: 'root.n = this.n + 1' }],
      given: [{ n: '1' }, { n: 'x' }],
      then: [{ n: 2 }, { n: 'x' }],
    },
  ],
  build: async (config, context) => {
    const chain = await context.processors(config, [])
    const parts = chain.parts()
    return {
      process(batch, signal) {
        const made: Batch[] = []
        const waits = inTurn(batch.length, (index) =>
          whenReady(attempt(parts, batch[index] as Message, signal), (batches) => {
            made.push(...batches)
          }),
        )
        return waits === undefined ? oneBatch(made) : waits.then(() => oneBatch(made))
      },
      close: () => chain.close(),
    }
  },
})

type Batches = readonly Batch[]

function attempt(
  parts: readonly ProcessorChain[],
  message: Message,
  signal: AbortSignal,
): Batches | Promise<Batches> {
  let batches: Batches = [[message]]
  const waits = inTurn(parts.length, (index) => {
    const next: Batch[] = []
    const current = batches.flatMap(runsOf)
    const step = inTurn(current.length, (at) => {
      const batch = current[at] ?? []
      if (batch[0]?.failure() !== undefined) {
        next.push(batch)
        return
      }
      const part = parts[index]
      if (part === undefined) return
      return whenReady(part.run(batch, signal), (results) => {
        next.push(...results)
      })
    })
    const keep = (): void => {
      batches = next
    }
    return step === undefined ? keep() : step.then(keep)
  })
  return waits === undefined ? batches : waits.then(() => batches)
}

/** A batch parted where messages that failed and messages that did not stand side by side. */
function runsOf(batch: Batch): Batches {
  const failed = (message: Message | undefined): boolean => message?.failure() !== undefined
  if (batch.every((message) => failed(message) === failed(batch[0]))) return [batch]
  const runs: Message[][] = []
  for (const message of batch) {
    const last = runs.at(-1)
    if (last === undefined || failed(last[0]) !== failed(message)) runs.push([message])
    else last.push(message)
  }
  return runs
}
