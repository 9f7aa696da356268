/** A JSON web token (RFC 7519) that says who calls. No message about its key says anything of it. */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { HeadgateError } from '../../error.ts'
import type { JwtConfig } from './credential-fields.ts'

/** Throws ComponentConfigInvalid where the key is not one for the method. */
export function bearerToken(config: JwtConfig, pem: string): string {
  const { signing_method: method, claims, headers } = config
  const key = keyFrom(pem)
  const type = method === 'EdDSA' ? 'ed25519' : 'rsa'
  if (key.asymmetricKeyType !== type) {
    const message = `expected a key for ${method} in jwt.private_key_file, got another one`
    throw new HeadgateError('ComponentConfigInvalid', message)
  }
  const body = [{ alg: method, typ: 'JWT', ...headers }, claims].map(part).join('.')
  const hash = method === 'EdDSA' ? null : `sha${method.slice(2)}`
  return `${body}.${sign(hash, Buffer.from(body), key).toString('base64url')}`
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function keyFrom(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new HeadgateError(
      'ComponentConfigInvalid',
      'expected a private key in PEM form in jwt.private_key_file, got something else',
    )
  }
}
