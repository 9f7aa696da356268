/**
 * The one definition of what is taken for a secret by its name, and how texts are shown without secrets.
 *
 * It errs towards hiding: a harmless `***` costs nothing. What only points to a secret (`token_url`, `passwordFile`, a
 * variable) is shown.
 */

export const MASK = '***'

const SECRET_WORD =
  /(authorization|passw(or)?d|passphrase|secret|token|cookie|credentials?|apikey|(access|private|secret|shared)key)$/
const KEY_OWNERS: ReadonlySet<string | undefined> = new Set([
  'access',
  'api',
  'private',
  'secret',
  'shared',
])
/** `token_url` says where, not what. */
const POINTERS: ReadonlySet<string | undefined> = new Set([
  'file',
  'path',
  'ref',
  'type',
  'uri',
  'url',
])
/** A text that is nothing but variables. */
const VARIABLES =
  /^(\$\{[A-Za-z0-9_.]+(:[^}]*)?(\|base64decode)?\}\s*|\$\{!\s*((env|meta|metadata|file)\(\s*"[^"\\]*"\s*\)|[A-Za-z_@][\w.]*)\s*\}\s*)+$/
const FIELD_NAME = /(?:^|[\s{,"'-])["']?([\w.-]+)["']?\s*:\s*/g
/** A mapping is shown where it refers to something, well or not (`{fromEnvv: NAME}`), and hidden where it does not. */
const FIELD_VALUE =
  /"(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|\{(?!\s*(?:$|["']?[\w-]*(?:from|ref)[\w-]*["']?\s*(?::|$)))[^}]*\}?|[^\s{}[\],][^,}\]]*/iy
const LOGIN_OF_VARIABLES = /^(\$\{[A-Za-z_][A-Za-z0-9_.]*\}:?)+@$/
/** `?token=…` and `&token=…` of an address. */
const QUERY_PARAMETER = /([?&])([\w.-]+)=([^&#\s"']+)/g
/** A key is one wherever it stands: `client_certs` calls its field `key`. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/
/** What stands between `//` and `@` of an address. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']+@/gi

export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  if (POINTERS.has(words.at(-1))) return false
  if (words.length === 1 && words[0] === 'sas') return true
  return words.some(
    (word, index) => SECRET_WORD.test(word) || (word === 'key' && KEY_OWNERS.has(words[index - 1])),
  )
}

/** The value of a field as it may be shown: literal secrets and logins hidden, variables not. */
export function maskText(text: string, isSecret: boolean): string {
  if (PRIVATE_KEY.test(text)) return MASK
  if (!isSecret) return maskAddresses(text)
  return text === '' || VARIABLES.test(text) ? text : MASK
}

/** Whether a text is, or holds, what was shown in place of a secret. */
export function holdsMask(text: string, isSecret: boolean): boolean {
  if (isSecret && text === MASK) return true
  if (Array.from(text.matchAll(USER_INFO)).some(([all]) => all.endsWith(`//${MASK}@`))) return true
  return Array.from(text.matchAll(QUERY_PARAMETER)).some(
    ([, , name = '', value]) => value === MASK && isSecretName(name),
  )
}

function maskAddresses(text: string): string {
  return text
    .replace(USER_INFO, (all: string, scheme: string) =>
      LOGIN_OF_VARIABLES.test(all.slice(scheme.length)) ? all : `${scheme}${MASK}@`,
    )
    .replace(QUERY_PARAMETER, (all: string, mark: string, name: string, value: string) =>
      isSecretName(name) && !VARIABLES.test(value) ? `${mark}${name}=${MASK}` : all,
    )
}

/** A line of a file as it may be printed. What refers to a secret stays, what is one does not. */
export function maskLine(line: string): string {
  let shown = ''
  let from = 0
  for (const match of line.matchAll(FIELD_NAME)) {
    const [prefix, name = ''] = match
    const at = match.index + prefix.length
    if (match.index < from || !isSecretName(name)) continue
    FIELD_VALUE.lastIndex = at
    const value = FIELD_VALUE.exec(line)?.[0]
    // Which Secret it is, and which key of it, is no secret.
    if (value === undefined || (name === 'fromSecret' && value.startsWith('{'))) continue
    shown += `${line.slice(from, at)}${MASK}`
    from = at + value.length
  }
  return maskText(shown + line.slice(from), false)
}

/** Whether an address holds a login or a secret parameter. */
export function hasSecretInAddress(text: string): boolean {
  return maskAddresses(text) !== text
}
