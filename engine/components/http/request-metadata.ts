/** What a message knows of the HTTP request that brought it. */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { TRACE_HEADER_NAMES } from '../../pipelines/tracing/trace-headers.ts'

/**
 * Cookies, query parameters and headers by their names, as the client spelled them, the first of several; those of a
 * trace in small letters, by which others find them; and, whatever the client sent, the parameters of the path and the names that are ours.
 */
export function requestMetadata(
  request: IncomingMessage,
  parameters: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>()
  const add = (name: string, value: string) => {
    if (!metadata.has(name) && !TLS_NAMES.has(name)) metadata.set(name, value)
  }
  const { rawHeaders } = request
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const small = name.toLowerCase()
    add(TRACE_HEADER_NAMES.includes(small) ? small : name, rawHeaders[index + 1] ?? '')
  }
  const [path = '/', query = ''] = split(request.url ?? '/', '?')
  for (const [name, value] of new URLSearchParams(query)) add(name, value)
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name = '', value] = split(pair.trim(), '=')
    if (name !== '' && value !== undefined) add(name, value)
  }
  for (const [name, value] of parameters) metadata.set(name, value)
  metadata.set('http_server_user_agent', request.headers['user-agent'] ?? '')
  metadata.set('http_server_request_path', path)
  metadata.set('http_server_verb', request.method ?? '')
  metadata.set('http_server_remote_ip', request.socket.remoteAddress ?? '')
  if ('encrypted' in request.socket) addTls(metadata, request.socket as TLSSocket)
  return metadata
}

/** Nobody but us says these, where there is no TLS either. */
const TLS_NAMES: ReadonlySet<string> = new Set([
  'http_server_tls_version',
  'http_server_tls_subject',
  'http_server_tls_cipher_suite',
])

/** The version as in `TLSv1.3`, and the suite by its name in the standard. No listener asks for a client's certificate. */
function addTls(metadata: Map<string, string>, socket: TLSSocket): void {
  metadata.set('http_server_tls_version', socket.getProtocol() ?? '')
  metadata.set('http_server_tls_cipher_suite', socket.getCipher()?.standardName ?? '')
  metadata.set('http_server_tls_subject', '')
}

function split(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
