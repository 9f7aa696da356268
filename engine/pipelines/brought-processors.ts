/** Runs the processors that a batch of a nested input brings along, for a component that has to see what they make. */
import type { InputBatch } from './component.ts'
import type { Batch } from './message.ts'

export function runBrought(
  { messages, processors, apart }: InputBatch,
  signal: AbortSignal,
): readonly Batch[] | Promise<readonly Batch[]> {
  if (processors === undefined) return [messages]
  if (apart !== true || processors.alone || messages.length === 1) {
    return processors.run(messages, signal)
  }
  return runEach(processors, messages, signal)
}

async function runEach(
  processors: NonNullable<InputBatch['processors']>,
  messages: Batch,
  signal: AbortSignal,
): Promise<readonly Batch[]> {
  const made: Batch[] = []
  for (const message of messages) made.push(...(await processors.run([message], signal)))
  return made
}
