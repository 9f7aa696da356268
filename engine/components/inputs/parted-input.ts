/**
 * An input whose batches are what they mean: where another gives many batches of one message together, this one gives
 * them one by one, to whoever counts batches or gathers them.
 */
import type { Input, InputBatch } from '../../pipelines/component.ts'
import { mergedOutcome, type Outcome } from '../../pipelines/transaction.ts'

export function parted(input: Input): Input {
  const queue: InputBatch[] = []
  const taken = (batch: InputBatch | undefined): InputBatch | undefined => {
    if (batch === undefined) return undefined
    queue.push(...partsOf(batch))
    return queue.shift()
  }
  return {
    // What was taken from the other input is given, also after a stop.
    drains: true,
    connect: (signal) => input.connect(signal),
    read: (signal) => {
      const next = queue.shift()
      if (next !== undefined) return next
      if (signal.aborted && input.drains !== true) return undefined
      const batch = input.read(signal)
      return batch instanceof Promise ? batch.then(taken) : taken(batch)
    },
    close: () => input.close(),
  }
}

/** The other input hears of them together, once the last of them is settled. */
function partsOf(batch: InputBatch): readonly InputBatch[] {
  const { apart, messages, settle, ...rest } = batch
  if (apart !== true || messages.length === 1) return [batch]
  let left = messages.length
  let merged: Outcome
  const settled = (outcome: Outcome): void => {
    merged = mergedOutcome(merged, outcome)
    left -= 1
    if (left === 0) settle?.(merged)
  }
  return messages.map((message) => ({
    ...rest,
    messages: [message],
    ...(settle === undefined ? {} : { settle: settled }),
  }))
}
