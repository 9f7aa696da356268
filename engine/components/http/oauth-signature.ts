/**
 * The Authorization header of OAuth 1.0 (RFC 5849, HMAC-SHA1).
 *
 * What is signed is the method, the address without its query, and the parameters of query and header, each escaped as
 * the RFC says (all but letters, digits and `-._~`) and in the order of their escaped names.
 */
import { createHmac } from 'node:crypto'

export interface OAuthIdentity {
  readonly consumerKey: string
  readonly consumerSecret: string
  readonly token: string
  readonly tokenSecret: string
}

/** What makes each signature another one. */
export interface OAuthMoment {
  readonly nonce: string
  readonly seconds: number
}

export function oauthHeader(
  method: string,
  url: string,
  identity: OAuthIdentity,
  { nonce, seconds }: OAuthMoment,
): string {
  const address = new URL(url)
  const own: [string, string][] = [
    ['oauth_consumer_key', identity.consumerKey],
    ['oauth_nonce', nonce],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', String(seconds)],
    ['oauth_token', identity.token],
    ['oauth_version', '1.0'],
  ]
  const pairs = [...own, ...address.searchParams]
    .map(([name, value]) => [escapeText(name), escapeText(value)] as const)
    .sort(([one, first], [other, second]) => compare(one, other) || compare(first, second))
    .map(([name, value]) => `${name}=${value}`)
  const base = [
    method.toUpperCase(),
    `${address.protocol}//${address.host}${address.pathname}`,
    pairs.join('&'),
  ]
  const key = `${escapeText(identity.consumerSecret)}&${escapeText(identity.tokenSecret)}`
  const signature = createHmac('sha1', key).update(base.map(escapeText).join('&')).digest('base64')
  const signed: [string, string][] = [...own, ['oauth_signature', signature]]
  return `OAuth ${signed.map(([name, value]) => `${name}="${escapeText(value)}"`).join(', ')}`
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function escapeText(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
