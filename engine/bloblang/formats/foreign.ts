/** Calls of other people's code: whatever it throws is a failure of the mapping, and never of the process. */
import { MappingError } from '../mapping-error.ts'

/** What is too large to print in a message says nothing to anybody. */
const REASON_LENGTH_MAX = 200

/** `expectation` reads as in "expected a gzip stream: unexpected end of file". */
export function foreign<T>(expectation: string, run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof MappingError) throw thrown
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new MappingError(`${expectation}: ${firstLine(reason)}`)
  }
}

function firstLine(reason: string): string {
  const line = reason.split('\n', 1)[0] ?? ''
  return line.length > REASON_LENGTH_MAX ? `${line.slice(0, REASON_LENGTH_MAX)}...` : line
}
