/** Does something with each message of a batch, in turn; what fails flags its message and no other. */
import type { BuildContext } from '../pipelines/build-context.ts'
import type { Processor } from '../pipelines/component.ts'
import type { Batch, Message } from '../pipelines/message.ts'
import { inTurn } from './in-turn.ts'

type Made = Message | readonly Message[] | undefined

/** Undefined filters the message, and a list takes its place. */
export function eachMessage(
  context: Pick<BuildContext, 'failure'>,
  make: (
    message: Message,
    index: number,
    batch: Batch,
    signal: AbortSignal,
  ) => Made | Promise<Made>,
): Processor {
  return {
    process(batch, signal) {
      const made: Message[] = []
      const keep = (one: Made): void => {
        if (one === undefined) return
        if (Array.isArray(one)) made.push(...one)
        else made.push(one as Message)
      }
      const waits = inTurn(batch.length, (index) => {
        const message = batch[index] as Message
        const flag = (thrown: unknown): void => keep(message.withFailure(context.failure(thrown)))
        try {
          const one = make(message, index, batch, signal)
          return one instanceof Promise ? one.then(keep, flag) : keep(one)
        } catch (thrown) {
          return flag(thrown)
        }
      })
      const result = (): readonly Batch[] => (made.length === 0 ? [] : [made])
      return waits === undefined ? result() : waits.then(result)
    },
  }
}
