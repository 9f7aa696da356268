/** For tests of TLS: a certificate for this machine that signs itself, made anew each time, and its key. */
import { createSign, generateKeyPairSync } from 'node:crypto'

export interface TestCertificate {
  readonly cert: string
  readonly key: string
}

/** No two have the same name: an authority is found by it. */
let made = 0

/** Good for `localhost` and 127.0.0.1. With a passphrase, the key is encrypted. */
export function testCertificate(passphrase?: string): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(set(sequence(oid('550403'), der(0x0c, Buffer.from(`test ${++made}`)))))
  const algorithm = sequence(oid('2a8648ce3d040302'))
  const validity = sequence(
    der(0x17, Buffer.from('200101000000Z')),
    der(0x17, Buffer.from('491231235959Z')),
  )
  const names = sequence(
    der(0x82, Buffer.from('localhost')),
    der(0x87, Buffer.from([127, 0, 0, 1])),
  )
  const extensions = der(
    0xa3,
    sequence(
      sequence(oid('551d11'), der(0x04, names)),
      sequence(oid('551d13'), der(0x04, sequence(der(0x01, Buffer.from([0xff]))))),
    ),
  )
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  )
  const signature = createSign('sha256').update(content).sign(privateKey)
  const bits = der(0x03, Buffer.concat([Buffer.from([0]), signature]))
  const bytes = sequence(content, algorithm, bits)
  const encrypted = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return {
    cert: pem(bytes),
    key: privateKey.export({ type: 'pkcs8', format: 'pem', ...encrypted }).toString(),
  }
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function set(content: Buffer): Buffer {
  return der(0x31, content)
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}
