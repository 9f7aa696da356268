/** How a value that is wrong is named in a message: short, never in full where it may be long, and without secrets. */
import { maskText } from './secret-text.ts'

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
  // Before it is cut: half of an address does not show that a login stands in it.
  const safe = maskText(value, false)
  const shown = [...safe].slice(0, SHOWN_LENGTH_MAX).join('')
  return JSON.stringify(shown.length < safe.length ? `${shown}…` : shown)
}
