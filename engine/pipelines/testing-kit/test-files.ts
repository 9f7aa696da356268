/** The files of a test, and the messages that it gives. */
import { type Batch, Message } from '../message.ts'
import type { TestCase, TestMessage } from './test-case.ts'

/** What a test names, relative to where it stands. Both throw a HeadgateError where it cannot be had. */
export interface TestFiles {
  bytes(path: string): Uint8Array
  /** Another config, for `target_processors: other.yaml#/pointer`. */
  config(path: string): unknown
}

export function inputMessage(message: TestMessage, files: TestFiles): Message {
  const metadata = new Map(Object.entries(message.metadata ?? {})) as Map<string, never>
  if (message.file_content !== undefined) {
    return Message.fromBytes(files.bytes(message.file_content), metadata)
  }
  const text =
    message.json_content === undefined
      ? (message.content ?? '')
      : JSON.stringify(message.json_content)
  return Message.fromBytes(Buffer.from(text), metadata)
}

/** What it gives to the only input, or to the processors under test. */
export function givenBatches(
  { input_batch: one = [], input_batches: several = [one] }: TestCase,
  files: TestFiles,
): readonly Batch[] {
  return several.map((messages) => messages.map((message) => inputMessage(message, files)))
}
