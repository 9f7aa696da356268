/** Tells in the log what a child writes to its standard error, and no more of it than a log can bear. */
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'

/** Of one line of the log. */
export const CHILD_LINE_BYTES_MAX = 1_024
/** Lines of the log in a second. */
export const CHILD_LINES_MAX = 10

export function logErrors(
  command: string,
  { logger, clock }: Pick<PipelineEnvironment, 'logger' | 'clock'>,
): (chunk: Uint8Array) => void {
  let second = 0
  let lines = 0
  return (chunk) => {
    const now = Math.floor(clock.monotonicMs() / 1_000)
    if (now !== second) {
      second = now
      lines = 0
    }
    lines += 1
    if (lines > CHILD_LINES_MAX) return
    const text = Buffer.from(chunk).subarray(0, CHILD_LINE_BYTES_MAX).toString().trimEnd()
    logger.warn('a command wrote to its standard error', { command, text })
  }
}
