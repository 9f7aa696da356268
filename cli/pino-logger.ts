/** The Logger port over pino: one JSON line an entry on stderr, or a short one where a person reads. */
import { type DestinationStream, type Logger as Pino, pino } from 'pino'
import type { LogFields, Logger } from '../engine/ports/logger.ts'

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
/** What converges is told by lines of its own; the log is for what is out of the ordinary. */
const LEVEL_DEFAULT = 'warn'

export function pinoLogger(destination: DestinationStream, level: string | undefined): Logger {
  const known = LEVELS.find((name) => name === level) ?? LEVEL_DEFAULT
  const log: Pino = pino(
    {
      level: known,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: withErrors },
    },
    destination,
  )
  return {
    debug: (message: string, fields?: LogFields) => log.debug(fields ?? {}, message),
    info: (message: string, fields?: LogFields) => log.info(fields ?? {}, message),
    warn: (message: string, fields?: LogFields) => log.warn(fields ?? {}, message),
    error: (message: string, fields?: LogFields) => log.error(fields ?? {}, message),
  }
}

/** JSON shows nothing of an error, under whatever name it stands. */
function withErrors(fields: LogFields): Record<string, unknown> {
  const shown = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? pino.stdSerializers.err(value) : value,
  ])
  return Object.fromEntries(shown)
}
