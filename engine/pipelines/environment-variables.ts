/**
 * `${VAR}`, `${VAR:default}` and `${VAR|base64decode}` in the texts of a config. `${! … }` is Bloblang's and stays;
 * `${{VAR}}` is the literal `${VAR}`.
 *
 * References are replaced in values that were parsed before, so a value never adds structure, whatever it holds. A text
 * that held a reference is typed again afterwards (`${PORT:4195}` is a number, `80${TAIL}` may be), as it would be where a
 * file is interpolated before it is parsed; a field that wants text gets back just what was there.
 */

const NAME = '[0-9A-Za-z_.]+'
/** A default may hold Bloblang: `${TOPIC:orders-${! this.kind }}`. */
const FALLBACK = String.raw`(?::((?:\$\{[^{}]*\}|[^{}])*?))?`
const DECODED = String.raw`(\|base64decode)?`
const REFERENCE = new RegExp(
  String.raw`\$\{\{(${NAME}(?::[^{}]*)?(?:\|base64decode)?)\}\}|\$\{(${NAME})${FALLBACK}${DECODED}\}`,
  'g',
)
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

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
  /** Names of what is to be decoded and is no base64, each once. */
  readonly undecodable: readonly string[]
}

type Environment = (name: string) => string | undefined

interface Unresolved {
  /** The values of variables, as they stand in the config then. */
  readonly values: Set<string>
  readonly missing: Set<string>
  readonly undecodable: Set<string>
}

/** A copy of the config with every reference in its values replaced. An empty variable counts as unset. */
export function interpolateVariables(config: unknown, env: Environment): Interpolated {
  const unresolved = nothingUnresolved()
  const value = interpolate(config, env, unresolved)
  return {
    value,
    missing: [...unresolved.missing],
    undecodable: [...unresolved.undecodable],
  }
}

/** What variables bring into the config, each once; defaults are no secrets. */
export function valuesFilledIn(config: unknown, env: Environment): ReadonlySet<string> {
  const unresolved = nothingUnresolved()
  interpolate(config, env, unresolved)
  return unresolved.values
}

function nothingUnresolved(): Unresolved {
  return { values: new Set(), missing: new Set(), undecodable: new Set() }
}

function interpolate(value: unknown, env: Environment, unresolved: Unresolved): unknown {
  if (typeof value === 'string') return interpolateText(value, env, unresolved)
  if (Array.isArray(value)) return value.map((item) => interpolate(item, env, unresolved))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [key, interpolate(item, env, unresolved)]))
}

function interpolateText(text: string, env: Environment, unresolved: Unresolved): unknown {
  if (!text.includes('${')) return text
  let references = 0
  const replaced = text.replace(REFERENCE, (_, escaped, name, fallback, decoded) => {
    if (escaped !== undefined) return `\${${escaped}}`
    references++
    const found = env(name)
    const given = found === undefined || found === '' ? fallback : found
    if (given === undefined) unresolved.missing.add(name)
    else if (given === found) unresolved.values.add(given)
    if (decoded === undefined || given === undefined) return given ?? ''
    if (!BASE64.test(given)) unresolved.undecodable.add(name)
    const text = Buffer.from(given, 'base64').toString()
    if (given === found) unresolved.values.add(text)
    return text
  })
  return references > 0 ? scalarOf(replaced) : replaced
}

/** The text with the default of each variable that is unset and has one; the other references stay as they are. */
export function withDefaults(text: string, isUnset: (name: string) => boolean): unknown {
  if (!text.includes('${')) return text
  let replacedCount = 0
  const replaced = text.replace(REFERENCE, (reference, _, name, fallback, decoded) => {
    const isDecided = name !== undefined && fallback !== undefined && isUnset(name)
    if (!isDecided) return reference
    replacedCount++
    return decoded === undefined ? fallback : Buffer.from(fallback, 'base64').toString()
  })
  const isWhole = replacedCount > 0 && !replaced.includes('${')
  return isWhole ? scalarOf(replaced) : replaced
}

/** Only what prints as it was written: `01234` and `1.50` stay text, as a field that wants text has to have them. */
function scalarOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return NUMBER.test(text) && String(Number(text)) === text ? Number(text) : text
}
