/** Judges the messages of one batch by what a test expects of each. */
import type { BloblangEnvironment } from '../../bloblang/environment.ts'
import type { ConfigPath } from '../component-config.ts'
import type { Batch, Message } from '../message.ts'
import { failedConditions } from './conditions.ts'
import type { TestConditions } from './test-case.ts'
import type { TestFailure } from './test-failure.ts'
import type { TestFiles } from './test-files.ts'

export interface JudgeContext {
  readonly files: TestFiles
  readonly bloblang: BloblangEnvironment
}

export function judgeBatch(
  expected: readonly TestConditions[],
  batch: Batch,
  path: ConfigPath,
  { files, bloblang }: JudgeContext,
): readonly TestFailure[] {
  const failures: TestFailure[] = []
  if (expected.length !== batch.length) {
    failures.push({
      path,
      message: `expected ${amount(expected.length, 'message', 'messages')}, got ${batch.length}`,
      details: batch.slice(expected.length).map(shown),
    })
  }
  for (const [index, conditions] of expected.entries()) {
    const message = batch[index]
    if (message === undefined) continue
    const context = { batch, index, bloblang, bytes: (file: string) => files.bytes(file) }
    const flagged = message.failure()
    for (const { condition, message: text, details } of failedConditions(conditions, context)) {
      // A message that failed went on as it was: that is why it is not what it should be.
      const note =
        flagged === undefined ? [] : [`${flagged.sourceName} failed on it: ${flagged.text}`]
      failures.push({
        path: [...path, index, condition],
        message: text,
        details: [...details, ...note],
      })
    }
  }
  return failures
}

export function amount(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

const SHOWN_LENGTH_MAX = 200

/** What came out and nobody expected. */
export function shown(message: Message): string {
  const text = Buffer.from(message.content()).toString()
  return `got ${text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}…`}`
}
