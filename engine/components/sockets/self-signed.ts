/**
 * A certificate for `localhost`, made on the spot: for trying a TLS listener out.
 *
 * It is X.509 in DER, which is `tag · length · content` throughout: a key on the curve P-256, signed by itself with
 * ECDSA and SHA-256, good for ten years. It and its key live as long as the listener and are written nowhere.
 */
import { generateKeyPair, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'

const YEARS = 10
const HOUR_MS = 3_600_000

const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OBJECT_ID = 0x06
const UTF8 = 0x0c
const UTC_TIME = 0x17
const SEQUENCE = 0x30
const SET = 0x31

const ECDSA_WITH_SHA256 = '2a8648ce3d040302'
const COMMON_NAME = '550403'
const SUBJECT_ALTERNATIVE_NAME = '551d11'

export async function selfSigned({
  clock,
  random,
}: Pick<PipelineEnvironment, 'clock' | 'random'>): Promise<{
  readonly cert: string
  readonly key: string
}> {
  const pair = await promisify(generateKeyPair)('ec', { namedCurve: 'prime256v1' })
  const algorithm = der(SEQUENCE, id(ECDSA_WITH_SHA256))
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, id(COMMON_NAME), der(UTF8, 'localhost'))))
  const nowMs = clock.wallUs() / 1_000
  const end = new Date(nowMs)
  end.setUTCFullYear(end.getUTCFullYear() + YEARS)
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.from([1, ...random.bytes(15)])),
    algorithm,
    name,
    der(SEQUENCE, utcTime(new Date(nowMs - HOUR_MS)), utcTime(end)),
    name,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, der(SEQUENCE, id(SUBJECT_ALTERNATIVE_NAME), alternativeNames()))),
  )
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', body, pair.privateKey))
  const certificate = der(SEQUENCE, body, algorithm, signature).toString('base64')
  const lines = certificate.match(/.{1,64}/g)?.join('\n') ?? ''
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}

function alternativeNames(): Buffer {
  const dns = der(0x82, 'localhost')
  const ipv4 = der(0x87, Buffer.from([127, 0, 0, 1]))
  const ipv6 = der(0x87, Buffer.from([...Array(15).fill(0), 1]))
  return der(OCTET_STRING, der(SEQUENCE, dns, ipv4, ipv6))
}

const id = (hex: string): Buffer => der(OBJECT_ID, Buffer.from(hex, 'hex'))

/** `YYMMDDHHMMSSZ`, as certificates have it until 2049. */
function utcTime(time: Date): Buffer {
  return der(UTC_TIME, `${time.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`)
}

function der(tag: number, ...contents: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(contents.map((part) => Buffer.from(part)))
  const { length } = content
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content])
}
