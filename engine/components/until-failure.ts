/** Runs processors in order on what one message became; a part of it that failed passes the rest over. */
import type { ProcessorChain } from '../pipelines/build-context.ts'
import type { Batch, Message } from '../pipelines/message.ts'
import { inTurn, whenReady } from './in-turn.ts'

type Batches = readonly Batch[]

export function untilFailure(
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
