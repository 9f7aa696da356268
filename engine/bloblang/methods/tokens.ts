/**
 * JSON Web Tokens (RFC 7519): a header and claims, each as JSON in base64url, and a signature over both.
 *
 * A token counts only when its header names the method's own algorithm: a key must not be used for another one.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { CallSite, MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import type { Frame } from '../frame.ts'
import { MappingError } from '../mapping-error.ts'
import { encodeJson } from '../values/encode-payload.ts'
import { expectObject, expectText, isObject } from '../values/kind-of.ts'
import { parseDocument } from '../values/parse-document.ts'
import { getKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { escapeHtml } from '../values/value-text.ts'
import { expectBytes } from './expect-bytes.ts'

const tokens = { category: 'tokens', status: 'stable' } as const

interface Algorithm {
  /** As the header names it. */
  readonly name: string
  readonly sign: (secret: Buffer) => (data: string) => Buffer
  readonly verify: (secret: Buffer) => (data: string, signature: Buffer) => boolean
}

function hmac(bits: number): Algorithm {
  const make = (secret: Buffer) => (data: string) =>
    createHmac(`sha${bits}`, secret).update(data).digest()
  return {
    name: `HS${bits}`,
    sign: make,
    verify: (secret) => {
      const signed = make(secret)
      return (data, signature) => {
        const wanted = signed(data)
        return wanted.length === signature.length && timingSafeEqual(wanted, signature)
      }
    },
  }
}

const CURVES: Readonly<Record<number, string>> = {
  256: 'prime256v1',
  384: 'secp384r1',
  512: 'secp521r1',
}

/** RSA with PKCS#1 padding, or ECDSA with a signature of two plain numbers. */
function asymmetric(letters: 'RS' | 'ES', bits: number): Algorithm {
  const name = `${letters}${bits}`
  const check = (key: KeyObject): KeyObject => {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
    const fits =
      letters === 'RS' ? type === 'rsa' : type === 'ec' && details?.namedCurve === CURVES[bits]
    if (!fits) throw new MappingError(`expected a key for ${name}, got another one`)
    return key
  }
  const options = letters === 'ES' ? ({ dsaEncoding: 'ieee-p1363' } as const) : {}
  return {
    name,
    sign: (secret) => {
      const key = check(foreign(KEY_EXPECTED, () => createPrivateKey(secret)))
      return (data) => sign(`sha${bits}`, Buffer.from(data), { key, ...options })
    },
    verify: (secret) => {
      const key = check(foreign(KEY_EXPECTED, () => createPublicKey(secret)))
      return (data, signature) =>
        verify(`sha${bits}`, Buffer.from(data), { key, ...options }, signature)
    },
  }
}

const KEY_EXPECTED = 'expected a key in PEM form'

const ALGORITHMS: readonly Algorithm[] = [
  ...[256, 384, 512].map(hmac),
  ...[256, 384, 512].map((bits) => asymmetric('RS', bits)),
  ...[256, 384, 512].map((bits) => asymmetric('ES', bits)),
]

/** What is made of the secret is kept while the secret stays the same. A secret may be bytes that are no text. */
function keyed<T>(site: CallSite, make: (secret: Buffer) => T): (frame: Frame) => T {
  const secret = site.any('signing_secret')
  let last: { readonly secret: Value; readonly made: T } | undefined
  return (frame) => {
    const value = secret(frame)
    if (last?.secret !== value) last = { secret: value, made: make(expectBytes(value)) }
    return last.made
  }
}

/** As Go writes JSON: keys in order, and the characters of HTML escaped. */
function part(value: ObjectValue): string {
  return Buffer.from(escapeHtml(encodeJson(value))).toString('base64url')
}

const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/

function parseToken(
  text: string,
  algorithm: string,
  isSigned: (data: string, signature: Buffer) => boolean,
): ObjectValue {
  const match = FORM.exec(text)
  if (match === null) throw new MappingError('expected a JSON web token, got something else')
  const [, header = '', claims = '', signature = ''] = match
  const named = getKey(readPart(header), 'alg')
  if (named !== algorithm) {
    throw new MappingError(`expected a token signed with ${algorithm}, got another algorithm`)
  }
  if (!isSigned(`${header}.${claims}`, Buffer.from(signature, 'base64url'))) {
    throw new MappingError('the signature of the token is invalid')
  }
  return readPart(claims)
}

function readPart(text: string): ObjectValue {
  const value = parseDocument(Buffer.from(text, 'base64url'))
  if (isObject(value)) return value
  throw new MappingError('expected a JSON web token, got something else')
}

const secret = {
  name: 'signing_secret',
  type: 'string',
  description: 'The secret; for RS and ES a key in PEM form.',
} as const

function signMethod(algorithm: Algorithm): MethodDefinition {
  const name = `sign_jwt_${algorithm.name.toLowerCase()}`
  return {
    name,
    ...tokens,
    description: `The object as the claims of a JSON web token that is signed with ${algorithm.name}.`,
    parameters: [
      secret,
      {
        name: 'headers',
        type: 'any',
        description: 'An object of further fields of the header, such as `kid`.',
        optional: true,
      },
    ],
    examples: algorithm.name.startsWith('HS')
      ? [
          {
            mapping: `root = {"sub":"a"}.${name}("open sesame").parse_jwt_${algorithm.name.toLowerCase()}("open sesame")`,
            output: '{"sub":"a"}',
          },
          { mapping: `root = "a".${name}("open sesame")`, error: 'expected object value' },
        ]
      : [{ mapping: `root = {"sub":"a"}.${name}("no key")`, error: KEY_EXPECTED }],
    build: (site) => {
      const signer = keyed(site, algorithm.sign)
      const headers = site.given('headers') ? site.any('headers') : undefined
      return (target, frame) => {
        const claims = part(expectObject(target))
        const more = headers === undefined ? {} : expectObject(headers(frame))
        const data = `${part({ typ: 'JWT', ...more, alg: algorithm.name })}.${claims}`
        return `${data}.${signer(frame)(data).toString('base64url')}`
      }
    },
  }
}

function parseMethod(algorithm: Algorithm): MethodDefinition {
  const name = `parse_jwt_${algorithm.name.toLowerCase()}`
  return {
    name,
    ...tokens,
    description: `The claims of a JSON web token that was signed with ${algorithm.name}. Whether they have expired is not looked at.`,
    parameters: [secret],
    examples: algorithm.name.startsWith('HS')
      ? [
          {
            mapping: `root = {"sub":"a"}.sign_jwt_${algorithm.name.toLowerCase()}("one").${name}("another")`,
            error: 'the signature of the token is invalid',
          },
          { mapping: `root = "a.b".${name}("one")`, error: 'expected a JSON web token' },
        ]
      : [{ mapping: `root = "a.b.c".${name}("no key")`, error: KEY_EXPECTED }],
    build: (site) => {
      const verifier = keyed(site, algorithm.verify)
      return (target, frame) => parseToken(expectText(target), algorithm.name, verifier(frame))
    },
  }
}

export const tokenMethods: readonly MethodDefinition[] = ALGORITHMS.flatMap((algorithm) => [
  signMethod(algorithm),
  parseMethod(algorithm),
])
