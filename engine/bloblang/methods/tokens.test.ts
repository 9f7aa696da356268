import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { runMapping } from '../evaluate-for-test.ts'

interface Keys {
  readonly privateKey: string
  readonly publicKey: string
}

const pem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const
const elliptic = (namedCurve: string): Keys => generateKeyPairSync('ec', { namedCurve, ...pem })
const rsa: Keys = generateKeyPairSync('rsa', { modulusLength: 2048, ...pem })
const curves: Readonly<Record<string, Keys>> = {
  es256: elliptic('P-256'),
  es384: elliptic('P-384'),
  es512: elliptic('P-521'),
}

const input = (keys: Keys, claims: unknown = { sub: 'a', iat: 1516239022 }): string =>
  JSON.stringify({ ...keys, claims })

describe('a token', () => {
  test.each(['rs256', 'rs384', 'rs512', 'es256', 'es384', 'es512'])(
    'that %s signed is read with the public key, and not with another one',
    (name) => {
      const keys = curves[name] ?? rsa
      const signed = `this.claims.sign_jwt_${name}(this.privateKey)`
      const read = `root = ${signed}.parse_jwt_${name}(this.publicKey)`
      expect(runMapping(read, input(keys))).toBe('{"iat":1516239022,"sub":"a"}')
      const stranger =
        curves[name] === undefined
          ? generateKeyPairSync('rsa', { modulusLength: 2048, ...pem })
          : elliptic({ es256: 'P-256', es384: 'P-384' }[name] ?? 'P-521')
      expect(() => runMapping(read, input({ ...keys, publicKey: stranger.publicKey }))).toThrow(
        'the signature of the token is invalid',
      )
    },
  )

  test('is spelt as everywhere: keys in order, HTML escaped, further headers', () => {
    const token = runMapping(
      'root = this.claims.sign_jwt_hs256("dont-tell", {"kid": "1"})',
      input(rsa, { b: '<', a: 1 }),
    )
    const [header = '', claims = ''] = token
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString())
    expect([header, claims]).toEqual([
      '{"alg":"HS256","kid":"1","typ":"JWT"}',
      '{"a":1,"b":"\\u003c"}',
    ])
  })

  test('of RFC 7515 is read with the key of RFC 7515', () => {
    const token =
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    const key =
      'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow'
    const mapping = `root = "${token}".parse_jwt_hs256("${key}".decode("base64rawurl"))`
    expect(runMapping(mapping)).toBe(
      '{"exp":1300819380,"http://example.com/is_root":true,"iss":"joe"}',
    )
  })

  test.each([
    ['rs256 with a key for ES', 'this.claims.sign_jwt_rs256(this.privateKey)', curves['es256']],
    [
      'es256 with the curve of ES384',
      'this.claims.sign_jwt_es256(this.privateKey)',
      curves['es384'],
    ],
  ])('is not made by %s', (_, mapping, keys) => {
    expect(() => runMapping(`root = ${mapping}`, input(keys ?? rsa))).toThrow('expected a key for')
  })

  test.each([
    ['{"alg":"none"}', 'parse_jwt_hs256("x")'],
    ['{"alg":"HS256"}', 'parse_jwt_rs256(this.publicKey)'],
    ['{}', 'parse_jwt_hs512("x")'],
  ])('whose header says %s is not read by %s', (header, method) => {
    const part = (text: string): string => Buffer.from(text).toString('base64url')
    const token = `${part(header)}.${part('{"sub":"a"}')}.`
    expect(() => runMapping(`root = "${token}".${method}`, input(rsa))).toThrow('another algorithm')
  })
})
