/**
 * URLs as Go's net/url takes them apart: nothing is normalised, and what is not a URL to a browser may well be one here.
 *
 * The errors are worded as Go words them, because users match them.
 */
import { MappingError } from '../mapping-error.ts'
import type { ObjectValue } from '../values/value.ts'
import { percentDecode } from './escapes.ts'

export function parseUrl(text: string): ObjectValue {
  const hash = text.indexOf('#')
  const url = hash === -1 ? text : text.slice(0, hash)
  const rawFragment = hash === -1 ? '' : text.slice(hash + 1)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (/[\u0000-\u001f\u007f]/.test(url)) {
    throw refuse(url, 'net/url: invalid control character in URL')
  }
  return reworded(url, () => {
    const fields = split(url)
    const fragment = percentDecode(rawFragment, false)
    return {
      ...fields,
      fragment,
      raw_fragment: rawWhereItDiffers(rawFragment, fragment, FRAGMENT_ESCAPED),
    }
  })
}

function refuse(url: string, reason: string): MappingError {
  return new MappingError(`parse ${JSON.stringify(url)}: ${reason}`)
}

function reworded<T>(url: string, run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    if (!(thrown instanceof MappingError)) throw thrown
    throw refuse(url, thrown.message)
  }
}

const NOTHING = { scheme: '', raw_query: '', opaque: '', host: '', path: '', raw_path: '' }

function split(url: string): ObjectValue {
  if (url === '*') return { ...NOTHING, path: '*' }
  const { scheme, rest: afterScheme } = takeScheme(url)
  const question = afterScheme.indexOf('?')
  const query = question === -1 ? '' : afterScheme.slice(question + 1)
  const rest = question === -1 ? afterScheme : afterScheme.slice(0, question)
  const common = { ...NOTHING, scheme, raw_query: query }
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...common, opaque: rest }
    const [segment = ''] = rest.split('/')
    if (segment.includes(':'))
      throw new MappingError('first path segment in URL cannot contain colon')
  }
  const hasAuthority = rest.startsWith('//') && !(scheme === '' && rest.startsWith('///'))
  if (!hasAuthority) return { ...common, ...pathFields(rest) }
  const slash = rest.indexOf('/', 2)
  const authority = slash === -1 ? rest.slice(2) : rest.slice(2, slash)
  return {
    ...common,
    ...authorityFields(authority),
    ...pathFields(slash === -1 ? '' : rest.slice(slash)),
  }
}

function takeScheme(url: string): { readonly scheme: string; readonly rest: string } {
  if (url.startsWith(':')) throw new MappingError('missing protocol scheme')
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(url)
  if (match === null) return { scheme: '', rest: url }
  return { scheme: (match[1] ?? '').toLowerCase(), rest: url.slice(match[0].length) }
}

/** What Go would escape in a path or a fragment. */
const PATH_ESCAPED = /[^A-Za-z0-9\-_.~$&+,/:;=@%]/
const FRAGMENT_ESCAPED = /[^A-Za-z0-9\-_.~$&+,/:;=?@!()*%]/

function pathFields(raw: string): ObjectValue {
  const path = percentDecode(raw, false)
  return { path, raw_path: rawWhereItDiffers(raw, path, PATH_ESCAPED) }
}

/** Empty where escaping what was unescaped gives the same text again. */
function rawWhereItDiffers(raw: string, decoded: string, escaped: RegExp): string {
  let again = ''
  for (const character of decoded) {
    again +=
      character === '%' || escaped.test(character)
        ? Array.from(Buffer.from(character), (byte) => `%${hex(byte)}`).join('')
        : character
  }
  return again === raw ? '' : raw
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0')
}

function authorityFields(authority: string): ObjectValue {
  const at = authority.lastIndexOf('@')
  const host = parseHost(authority.slice(at + 1))
  if (at === -1) return { host }
  const info = authority.slice(0, at)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(info)) {
    throw new MappingError('net/url: invalid userinfo')
  }
  const colon = info.indexOf(':')
  if (colon === -1) return { host, user: { name: percentDecode(info, false) } }
  const name = percentDecode(info.slice(0, colon), false)
  return { host, user: { name, password: percentDecode(info.slice(colon + 1), false) } }
}

function parseHost(host: string): string {
  const end = host.startsWith('[') ? host.lastIndexOf(']') : -1
  if (host.startsWith('[') && end === -1) throw new MappingError("missing ']' in host")
  if (end === -1 && host.includes('[')) throw new MappingError('invalid IP-literal')
  const colon = end === -1 ? host.lastIndexOf(':') : end + 1
  const port = colon === -1 ? '' : host.slice(colon)
  if (port !== '' && !/^:\d*$/.test(port)) {
    throw new MappingError(`invalid port ${JSON.stringify(port)} after host`)
  }
  const wrongEscape = /%(?![89A-Fa-f][0-9A-Fa-f])(?!25)/.exec(end === -1 ? host : '')
  if (wrongEscape !== null) {
    throw new MappingError(
      `invalid URL escape "${host.slice(wrongEscape.index, wrongEscape.index + 3)}"`,
    )
  }
  const wrong = /[\s^`{|}\\]/.exec(host)?.[0]
  if (wrong !== undefined) {
    throw new MappingError(`invalid character ${JSON.stringify(wrong)} in host name`)
  }
  return percentDecode(host, false)
}
