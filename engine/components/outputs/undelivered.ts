/** Which messages of a batch a failed write left undelivered, and how several failures are told as one. */
import { asHeadgateError, type HeadgateError } from '../../error.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'

/** Those that the error names, or all. */
export function undelivered(error: HeadgateError, batch: Batch): Batch {
  if (!(error instanceof BatchError)) return batch
  const left = batch.filter((message) => error.failed.has(message))
  return left.length === 0 ? batch : left
}

/** The error of a write of `batch` that left `left` undelivered. */
export function failureOf(left: Batch, batch: Batch, error: HeadgateError): HeadgateError {
  if (left.length === batch.length) return error
  return new BatchError(new Map(left.map((message) => [message, error])))
}

/** Waits for all; throws once, naming every message that any of them left undelivered. */
export async function allDelivered(
  writes: readonly { readonly batch: Batch; readonly written: void | Promise<void> }[],
): Promise<void> {
  const results = await Promise.allSettled(writes.map(({ written }) => written))
  const failed = new Map<Message, HeadgateError>()
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') continue
    const error = asHeadgateError(result.reason)
    for (const message of undelivered(error, writes[index]?.batch ?? [])) {
      const own = error instanceof BatchError ? error.failed.get(message) : undefined
      failed.set(message, own ?? error)
    }
  }
  if (failed.size > 0) throw new BatchError(failed)
}
