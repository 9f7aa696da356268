/** Runs processors on each message until one fails on it, and then others on what failed. */
import { Type } from '../../../crds/typebox.ts'
import type { ObjectValue } from '../../bloblang/values/value.ts'
import type { ProcessorChain } from '../../pipelines/build-context.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { processorsField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { inTurn, whenReady } from '../in-turn.ts'
import { withMetadataSet } from '../metadata-map.ts'
import { oneBatch } from '../one-batch.ts'
import { untilFailure } from '../until-failure.ts'

export const TRY_CATCH_KEY = 'error'

export const tryCatch: ProcessorDefinition = defineProcessor({
  name: 'try_catch',
  status: 'beta',
  effects: 'none',
  portable: true,
  summary: 'Runs processors on each message until one fails on it, and others on what failed.',
  description:
    'Each message is a batch of its own. What failed, here or before, runs through `catch` without its flag, as it was ' +
    `when it failed; its metadata \`${TRY_CATCH_KEY}\` says \`what\` went wrong, and the \`name\`, \`label\` and \`path\` of the ` +
    'processor where it did. What fails in `catch` stays flagged.',
  alone: true,
  config: Type.Object({
    processors: processorsField({ description: 'What runs on each message, in order.' }),
    catch: processorsField({ description: 'What runs on a message that failed.', default: [] }),
  }),
  examples: [
    {
      title: 'A word in place of what is no number',
      config: {
        processors: [{ mapping: 'root.n = this.n.number()' }],
        catch: [{ mapping: 'root = {"was": this.n, "in": @error.name}' }],
      },
      given: [{ n: '1' }, { n: 'x' }],
      then: [{ n: 1 }, { in: 'mapping', was: 'x' }],
    },
  ],
  build: async (config, context) => {
    const chain = await context.processors(config.processors, ['processors'])
    const rescue = await context.processors(config.catch, ['catch'])
    const parts = chain.parts()
    return {
      process(batch, signal) {
        const made: Batch[] = []
        const waits = inTurn(batch.length, (index) =>
          whenReady(
            whenReady(untilFailure(parts, batch[index] as Message, signal), (batches) =>
              rescued(batches, rescue, signal),
            ),
            (batches) => void made.push(...batches),
          ),
        )
        const result = (): readonly Batch[] => oneBatch(made.filter(({ length }) => length > 0))
        return waits === undefined ? result() : waits.then(result)
      },
      close: async () => {
        await chain.close()
        await rescue.close()
      },
    }
  },
})

type Batches = readonly Batch[]

/** In their order, each message that failed as a batch of its own. */
function rescued(
  batches: Batches,
  rescue: ProcessorChain,
  signal: AbortSignal,
): Batches | Promise<Batches> {
  const messages = batches.flat()
  if (messages.every((message) => message.failure() === undefined)) return batches
  const made: Batch[] = []
  const waits = inTurn(messages.length, (index) => {
    const message = messages[index] as Message
    if (message.failure() === undefined) {
      made.push([message])
      return
    }
    return whenReady(rescue.run([caught(message)], signal), (results) => {
      made.push(...results)
    })
  })
  return waits === undefined ? made : waits.then(() => made)
}

function caught(message: Message): Message {
  const failure = message.failure()
  const error: ObjectValue = {
    what: failure?.text ?? '',
    name: failure?.sourceName ?? '',
    label: failure?.sourceLabel ?? '',
    path: failure?.sourcePath ?? '',
  }
  return withMetadataSet(message.withFailure(undefined), [[TRY_CATCH_KEY, error]])
}
