/**
 * What follows from an answer to a batch. Pure.
 *
 * `retry` means that the other side is not able now, `endpoint` that it refuses us whatever we send (it is tried again
 * for ever, at the longest wait), `split` that the batch is too large or a record in it is bad.
 */
import type { Answer } from './exchange.ts'

export type Verdict = 'delivered' | 'retry' | 'endpoint' | 'split'

/** The record is not to blame: credentials are. */
const REFUSES_US: readonly number[] = [401, 403, 407]
const NOT_NOW: readonly number[] = [408, 425, 429]

export function judgeAnswer(answer: Answer): Verdict {
  if (answer.kind === 'failed') return 'retry'
  const { status } = answer
  if (status >= 200 && status <= 299) return 'delivered'
  if (status >= 500 || NOT_NOW.includes(status)) return 'retry'
  // Redirects are not followed: somebody has to look at the URL.
  if (status < 400 || REFUSES_US.includes(status)) return 'endpoint'
  return 'split'
}
