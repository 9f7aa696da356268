import { expect, test } from 'vitest'
import { Message } from '../../pipelines/message.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { inThread, LIST_LENGTH_MAX } from './in-thread.ts'

const never = new AbortController().signal
const failure = (thrown: unknown) => ({
  text: (thrown as Error).message,
  sourceName: '',
  sourceLabel: '',
  sourcePath: '',
})

/** How many messages each list had, told by its answers. */
const lengths = () =>
  inThread<string, number>(
    { environment: testEnvironment(), failure },
    {
      source: 'return (list) => list.map(() => list.length)',
      data: null,
      request: (message) => Buffer.from(message.content()).toString(),
      answered: (message, length) => message.withValue(length),
    },
  )

test('a list has as many messages as the limit, and no more', async () => {
  const processor = lengths()
  const lists = async (count: number) => {
    const batch = Array.from({ length: count }, () => Message.fromBytes(Buffer.from('a')))
    const [made = []] = await processor.process(batch, never)
    return made.map((message) => message.document())
  }
  expect(new Set(await lists(LIST_LENGTH_MAX))).toEqual(new Set([LIST_LENGTH_MAX]))
  const over = await lists(LIST_LENGTH_MAX + 1)
  expect(over).toHaveLength(LIST_LENGTH_MAX + 1)
  expect(Math.max(...(over as number[]))).toBe(Math.ceil((LIST_LENGTH_MAX + 1) / 2))
  await processor.close?.()
})
