/** How a value that is wrong is named in a message: short, and never in full where it may be long. */

const SHOWN_LENGTH_MAX = 40

export interface Found {
  readonly message: string
  readonly expected: string
  readonly found: string
}

/** "expected X, got Y" in the three fields of a problem. */
export function found(expected: string, value: unknown): Found {
  const text = valueText(value)
  return { message: `expected ${expected}, got ${text}`, expected, found: text }
}

export function valueText(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value !== 'string')
    return `the ${typeof value === 'boolean' ? 'truth value' : 'number'} ${value}`
  const shown = [...value].slice(0, SHOWN_LENGTH_MAX).join('')
  return JSON.stringify(shown.length < value.length ? `${shown}…` : shown)
}
