/** A processor whose messages are answered by a thread. */
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { Processor } from '../../pipelines/component.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { ForeignThread } from './foreign-thread.ts'

export interface ThreadWork<Request, Answer> {
  readonly source: string
  readonly data: unknown
  readonly request: (message: Message) => Request
  /** Undefined filters the message; what it throws flags it. */
  readonly answered: (message: Message, answer: Answer) => Message | undefined
}

/** Longer batches are parted: the deadline is that of a list. */
export const LIST_LENGTH_MAX = 500

/** A batch that fails as a whole is halved, so that one message that cannot be answered fails alone. */
export function inThread<Request, Answer>(
  context: Pick<BuildContext, 'environment' | 'failure'>,
  { source, data, request, answered }: ThreadWork<Request, Answer>,
): Processor {
  const { clock } = context.environment
  const thread = new ForeignThread<Request, Answer>({ source, data, clock })
  const settle = async (batch: Batch, signal: AbortSignal): Promise<readonly Message[]> => {
    const asked: Message[] = []
    const requests: Request[] = []
    const done = new Map<Message, Message | undefined>()
    for (const message of batch) {
      try {
        requests.push(request(message))
        asked.push(message)
      } catch (thrown) {
        done.set(message, message.withFailure(context.failure(thrown)))
      }
    }
    await answer(asked, requests, signal, done)
    return batch.flatMap((message) => done.get(message) ?? [])
  }
  const answer = async (
    asked: Batch,
    requests: readonly Request[],
    signal: AbortSignal,
    done: Map<Message, Message | undefined>,
  ): Promise<void> => {
    if (asked.length === 0) return
    const halves = async (): Promise<void> => {
      const middle = Math.ceil(asked.length / 2)
      await answer(asked.slice(0, middle), requests.slice(0, middle), signal, done)
      await answer(asked.slice(middle), requests.slice(middle), signal, done)
    }
    if (asked.length > LIST_LENGTH_MAX) return halves()
    try {
      const answers = await thread.run(requests, signal)
      for (const [index, message] of asked.entries()) {
        done.set(message, taken(message, answers[index] as Answer))
      }
    } catch (thrown) {
      signal.throwIfAborted()
      const [first] = asked
      if (asked.length === 1 && first !== undefined) {
        done.set(first, first.withFailure(context.failure(thrown)))
        return
      }
      await halves()
    }
  }
  const taken = (message: Message, one: Answer): Message | undefined => {
    try {
      return answered(message, one)
    } catch (thrown) {
      return message.withFailure(context.failure(thrown))
    }
  }
  return {
    async process(batch, signal) {
      const messages = await settle(batch, signal)
      return messages.length === 0 ? [] : [messages]
    },
    close: () => thread.close(),
  }
}
