/** What a test runner shows of an error is its message: what to do next has to be in it. */
import { HeadgateError } from '../engine/error.ts'

export async function withHint<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof HeadgateError) || thrown.hint === undefined) throw thrown
    const { code, message, hint } = thrown
    throw new HeadgateError(code, `${message}\n  ${hint}`, { cause: thrown })
  }
}
