/**
 * Hides the values of environment variables in what a pipeline says: they are in its config when it runs, so any message
 * about a path, an address or a field may quote one, and whoever reads a status or a log was not given the variable.
 */
import { asHeadgateError, HeadgateError } from '../error.ts'
import type { LogFields, Logger } from '../ports/logger.ts'
import { valuesFilledIn } from './environment-variables.ts'

/** Shorter values are no secrets, and stand in words by chance. */
export const MASKED_CHARACTERS_MIN = 4

const MASK = '***'
/** What a flag says is no secret either. */
const FLAGS: ReadonlySet<string> = new Set(['true', 'false'])

export class VariableMask {
  /** Undefined where nothing is to be hidden. */
  readonly #values: RegExp | undefined

  /** Of the variables that the config has and `env` knows. */
  constructor(config: unknown, env: (name: string) => string | undefined) {
    const values = [...valuesFilledIn(config, env)]
      .filter((value) => value.length >= MASKED_CHARACTERS_MIN && !FLAGS.has(value))
      .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), urlForm(value)])
      .sort((left, right) => right.length - left.length)
    const escaped = [...new Set(values)].map((value) => value.replace(SPECIAL, '\\$&'))
    // An address gives back its host in lower case.
    this.#values = escaped.length === 0 ? undefined : new RegExp(escaped.join('|'), 'gi')
  }

  text(text: string): string {
    return this.#values === undefined ? text : text.replace(this.#values, MASK)
  }

  /** The same error where it says nothing of a value. Its cause is left behind: nobody can tell what that says. */
  error(thrown: unknown): unknown {
    if (this.#values === undefined || !(thrown instanceof Error)) return thrown
    return thrown instanceof HeadgateError || this.text(thrown.message) !== thrown.message
      ? this.headgateError(asHeadgateError(thrown))
      : thrown
  }

  headgateError(error: HeadgateError): HeadgateError {
    const message = this.text(error.message)
    const hint = error.hint === undefined ? undefined : this.text(error.hint)
    if (message === error.message && hint === error.hint) return error
    return new HeadgateError(error.code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    })
  }

  /** One whose lines show no value. */
  logger(logger: Logger): Logger {
    if (this.#values === undefined) return logger
    return {
      debug: (message, fields) => logger.debug(this.text(message), this.#fields(fields)),
      info: (message, fields) => logger.info(this.text(message), this.#fields(fields)),
      warn: (message, fields) => logger.warn(this.text(message), this.#fields(fields)),
      error: (message, fields) => logger.error(this.text(message), this.#fields(fields)),
    }
  }

  #fields(fields: LogFields | undefined): LogFields {
    const entries = Object.entries(fields ?? {})
    return Object.fromEntries(entries.map(([name, value]) => [name, this.#field(value)]))
  }

  #field(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (!(value instanceof Error)) return value
    const text = value.stack ?? value.message
    const shown = this.text(text)
    return shown === text ? value : shown
  }
}

const SPECIAL = /[\\^$.*+?()[\]{}|/-]/g

/** A lone half of a surrogate pair has no such form. */
function urlForm(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}
