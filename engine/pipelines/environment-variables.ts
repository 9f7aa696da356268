/**
 * `${VAR}` and `${VAR:default}` in the texts of a config. `${! … }` is Bloblang's and stays; `${{VAR}}` is the literal
 * `${VAR}`.
 *
 * A text that is nothing but one reference takes the form of what it holds (`${PORT:4195}` is a number), as it would
 * where a file is interpolated before it is parsed.
 */

const REFERENCE = /\$\{\{([0-9A-Za-z_.]+(?::[^{}]*)?)\}\}|\$\{([0-9A-Za-z_.]+)(?::([^{}]*))?\}/g
const WHOLE = /^\$\{[0-9A-Za-z_.]+(?::[^{}]*)?\}$/
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/

export interface VariableReference {
  readonly name: string
  readonly fallback: string | undefined
}

export function referencesIn(text: string): readonly VariableReference[] {
  if (!text.includes('${')) return []
  const references: VariableReference[] = []
  for (const [, , name, fallback] of text.matchAll(REFERENCE)) {
    if (name !== undefined) references.push({ name, fallback })
  }
  return references
}

export interface Interpolated {
  readonly value: unknown
  /** Names without value and default, each once. */
  readonly missing: readonly string[]
}

/** A copy of the config with every reference in its values replaced. An empty variable counts as unset. */
export function interpolateVariables(
  config: unknown,
  env: (name: string) => string | undefined,
): Interpolated {
  const missing = new Set<string>()
  const value = interpolate(config, env, missing)
  return { value, missing: [...missing] }
}

function interpolate(
  value: unknown,
  env: (name: string) => string | undefined,
  missing: Set<string>,
): unknown {
  if (typeof value === 'string') return interpolateText(value, env, missing)
  if (Array.isArray(value)) return value.map((item) => interpolate(item, env, missing))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [key, interpolate(item, env, missing)]))
}

function interpolateText(
  text: string,
  env: (name: string) => string | undefined,
  missing: Set<string>,
): unknown {
  if (!text.includes('${')) return text
  const replaced = text.replace(REFERENCE, (_, escaped, name, fallback) => {
    if (escaped !== undefined) return `\${${escaped}}`
    const found = env(name)
    if (found !== undefined && found !== '') return found
    if (fallback === undefined) missing.add(name)
    return fallback ?? ''
  })
  return WHOLE.test(text) ? scalarOf(replaced) : replaced
}

function scalarOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return NUMBER.test(text) && String(Number(text)) === text ? Number(text) : text
}
