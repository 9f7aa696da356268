/** What a log line is read into, and how far it could be read. */
import type { Value } from '../../bloblang/values/value.ts'

export interface ParsedLog {
  readonly fields: Record<string, Value>
  /** What was expected where reading stopped; undefined when all was read. */
  readonly fault: string | undefined
}

/** A line that is read from its begin to its end. */
export class LogReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get rest(): string {
    return this.#text.slice(this.#at)
  }

  get ended(): boolean {
    return this.#at >= this.#text.length
  }

  /** The match of an expression with the flag `y`, which is then behind. */
  take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at
    const match = expression.exec(this.#text)
    if (match === null) return undefined
    this.#at = expression.lastIndex
    return match
  }

  /** Throws what parsing stops with. */
  expect(expression: RegExp, what: string): RegExpExecArray {
    const match = this.take(expression)
    if (match === undefined) throw new LogFault(`expected ${what} at character ${this.#at + 1}`)
    return match
  }
}

export class LogFault extends Error {}

export function readLog(
  text: string,
  read: (reader: LogReader, fields: Record<string, Value>) => void,
): ParsedLog {
  const fields: Record<string, Value> = {}
  try {
    read(new LogReader(text), fields)
    return { fields, fault: undefined }
  } catch (thrown) {
    if (!(thrown instanceof LogFault)) throw thrown
    return { fields, fault: thrown.message }
  }
}

const PRIORITY = /<(0|[1-9]\d{0,2})>/y
const PRIORITY_MAX = 191

/** `<PRI>`: eight times the facility, and the severity. Both formats of syslog begin with it. */
export function readPriority(reader: LogReader, fields: Record<string, Value>): void {
  const priority = Number(reader.expect(PRIORITY, 'a priority such as <34>')[1])
  if (priority > PRIORITY_MAX) {
    throw new LogFault(`expected a priority of at most ${PRIORITY_MAX}, got ${priority}`)
  }
  fields['priority'] = priority
  fields['facility'] = Math.floor(priority / 8)
  fields['severity'] = priority % 8
}
