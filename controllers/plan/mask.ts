/**
 * Hides literal values where a secret is expected, by the name of the field that holds them, in whatever is shown.
 *
 * A literal secret works, but it is never printed again: not in a diff, not in a status, not in a GET.
 */
import { isSecretName, MASK, maskText } from '../sets/secret-text.ts'

export function masked(value: unknown, field: string | undefined): unknown {
  const isSecret = field !== undefined && isSecretName(field)
  if (typeof value === 'string') return maskText(value, isSecret)
  if (typeof value === 'number' && isSecret) return MASK
  if (Array.isArray(value)) return value.map((item) => masked(item, field))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item, name)]))
}
