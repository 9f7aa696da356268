/**
 * Hides literal values where a secret is expected, by the name of the field that holds them, in whatever is shown.
 *
 * A literal secret works, but it is never printed again: not in a diff, not in a status, not in a GET.
 */

export const MASK = '***'

const SECRET_FIELD =
  /(^|[_-])(password|passwd|passphrase|secret|token|authorization|credentials?|api[_-]?key|private[_-]?key|secret[_-]?key|access[_-]?key)$|(Password|Secret|Token|ApiKey|PrivateKey)$|^apikey$/i
/** `user:password@` of a URL. */
const URL_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/[^/?#\s:@]*):([^/?#\s@]+)@/i

export function masked(value: unknown, field: string | undefined): unknown {
  if (typeof value === 'string') {
    if (field !== undefined && SECRET_FIELD.test(field)) return MASK
    return value.replace(URL_PASSWORD, `$1:${MASK}@`)
  }
  if (typeof value === 'number' && field !== undefined && SECRET_FIELD.test(field)) return MASK
  if (Array.isArray(value)) return value.map((item) => masked(item, field))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item, name)]))
}
