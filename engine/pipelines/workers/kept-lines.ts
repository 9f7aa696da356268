/** Lines that the components of a worker log, kept until the next answer takes them along. */
import type { LogFields, Logger } from '../../ports/logger.ts'

/** Between two answers; how many there were beyond is told. */
export const LINES_KEPT_MAX = 1_000

type Level = keyof Logger

export interface WireLines {
  readonly kept: readonly (readonly [
    level: Level,
    message: string,
    fields: LogFields | undefined,
  ])[]
  readonly leftOut: number
}

export class KeptLines implements Logger {
  #kept: [Level, string, LogFields | undefined][] = []
  #leftOut = 0

  debug(message: string, fields?: LogFields): void {
    this.#keep('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#keep('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#keep('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#keep('error', message, fields)
  }

  take(): WireLines {
    const taken = { kept: this.#kept, leftOut: this.#leftOut }
    this.#kept = []
    this.#leftOut = 0
    return taken
  }

  #keep(level: Level, message: string, fields: LogFields | undefined): void {
    if (this.#kept.length < LINES_KEPT_MAX) this.#kept.push([level, message, cloneable(fields)])
    else this.#leftOut += 1
  }
}

/** Logs them as if they were written here. */
export function writeLines({ kept, leftOut }: WireLines, logger: Logger, pipeline: string): void {
  for (const [level, message, fields] of kept) logger[level](message, fields)
  if (leftOut > 0) {
    logger.warn('a worker logged more lines of one batch than are kept', { pipeline, leftOut })
  }
}

/** What a thread cannot hand on is told as text. */
function cloneable(fields: LogFields | undefined): LogFields | undefined {
  if (fields === undefined) return undefined
  const entries = Object.entries(fields)
  return Object.fromEntries(entries.map(([name, value]) => [name, cloneableValue(value)]))
}

function cloneableValue(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Error) return value
  try {
    return structuredClone(value)
  } catch {
    return JSON.stringify(value) ?? String(value)
  }
}
