import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conformConfig } from '../pipelines/config-check.ts'
import { testEnvironment } from '../pipelines/testing.ts'
import { testCertificate } from './test-certificate.ts'
import {
  TLS_FILE_BYTES_MAX,
  type TlsConfig,
  tlsFaults,
  tlsFields,
  tlsNeeds,
  tlsOptions,
} from './tls-fields.ts'

const server = testCertificate()
const client = testCertificate()
const locked = testCertificate('open sesame')
let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-tls-'))
  await writeFile(join(directory, 'ca.pem'), server.cert)
  await writeFile(join(directory, 'client.pem'), client.cert)
  await writeFile(join(directory, 'client.key'), client.key)
  await writeFile(join(directory, 'large.pem'), Buffer.alloc(TLS_FILE_BYTES_MAX + 1, 'x'))
})
afterAll(() => rm(directory, { recursive: true }))

const full = (config: object): TlsConfig => conformConfig(tlsFields, config) as TlsConfig
const options = (config: object) =>
  tlsOptions(full({ enabled: true, ...config }), { environment: testEnvironment({ directory }) })

/** What a server that asks for certificates sees of a connection, or why there is none. */
async function shown(config: object): Promise<string> {
  const listener = createServer({
    ...server,
    requestCert: true,
    rejectUnauthorized: true,
    ca: [client.cert, locked.cert],
  })
  const refused = new Promise<string>((resolve) =>
    listener.on('tlsClientError', (error: NodeJS.ErrnoException) => resolve(`${error.code}`)),
  )
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const seen = new Promise<string>((resolve) =>
    listener.on('secureConnection', (socket: TLSSocket) =>
      resolve(socket.getPeerCertificate().raw.toString('base64')),
    ),
  )
  const { port } = listener.address() as AddressInfo
  const socket = connect({ ...(await options(config)), host: '127.0.0.1', port })
  const failed = new Promise<string>((resolve) =>
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)),
  )
  const result = await Promise.race([seen, failed, refused])
  socket.destroy()
  await new Promise((resolve) => listener.close(resolve))
  return result
}

const bytesOf = (pem: string): string => pem.replaceAll(/-----.*-----|\n/g, '')

describe('the tls fields', () => {
  test('mean nothing until they are enabled', async () => {
    const config = full({ root_cas_file: 'nowhere.pem' })
    expect(await tlsOptions(config, { environment: testEnvironment() })).toBeUndefined()
    expect(tlsNeeds(config)).toEqual([])
  })

  test('show a certificate and trust an authority, from texts and from files', async () => {
    const files = {
      root_cas_file: 'ca.pem',
      client_certs: [{ cert_file: 'client.pem', key_file: 'client.key' }],
    }
    expect(await shown(files)).toBe(bytesOf(client.cert))
    const texts = { root_cas: server.cert, client_certs: [{ ...client }] }
    expect(await shown(texts)).toBe(bytesOf(client.cert))
    const encrypted = {
      root_cas: server.cert,
      client_certs: [{ ...locked, password: 'open sesame' }],
    }
    expect(await shown(encrypted)).toBe(bytesOf(locked.cert))
  })

  test('trust no server that they do not know, unless they are told to', async () => {
    expect(await shown({ client_certs: [{ ...client }] })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(await shown({ skip_cert_verify: true, client_certs: [{ ...client }] })).toBe(
      bytesOf(client.cert),
    )
  })

  test('resolve secrets, and never say them', async () => {
    const environment = testEnvironment({ secrets: { resolve: async () => locked.key } })
    const reference = { fromEnv: 'KEY' }
    const config = full({
      enabled: true,
      client_certs: [{ cert: locked.cert, key: reference, password: 'wrong words' }],
    })
    const failure = await tlsOptions(config, { environment }).catch((error) => error)
    expect(failure.code).toBe('ComponentConfigInvalid')
    expect(`${failure.message} ${failure.hint}`).not.toMatch(/wrong words|BEGIN/)
  })

  test('name the files that they need, and refuse what cannot be read', async () => {
    const config = full({
      enabled: true,
      root_cas_file: 'ca.pem',
      client_certs: [{ cert_file: 'client.pem', key_file: 'client.key' }],
    })
    expect(tlsNeeds(config)).toEqual([
      { kind: 'file', name: 'ca.pem', path: ['tls', 'root_cas_file'] },
      { kind: 'file', name: 'client.pem', path: ['tls', 'client_certs', 0, 'cert_file'] },
      { kind: 'file', name: 'client.key', path: ['tls', 'client_certs', 0, 'key_file'] },
    ])
    await expect(options({ root_cas_file: 'nowhere.pem' })).rejects.toThrow('nowhere.pem: ENOENT')
    await expect(options({ root_cas_file: 'large.pem' })).rejects.toThrow(`${TLS_FILE_BYTES_MAX}`)
    await expect(options({ client_certs: [{ ...client, cert: 'x' }] })).rejects.toThrow('cannot be')
  })

  test('refuse half of a certificate, and two of the same thing', () => {
    const faults = (config: object) => tlsFaults(full(config)).map(({ path }) => path.join('.'))
    expect(faults({ client_certs: [{ cert: 'x', key: 'y' }] })).toEqual([])
    expect(faults({ root_cas: 'x', root_cas_file: 'y' })).toEqual(['tls.root_cas_file'])
    expect(faults({ client_certs: [{ cert: 'x' }] })).toEqual(['tls.client_certs.0'])
    expect(faults({ client_certs: [{ cert: 'x', key: 'y', cert_file: 'z' }] })).toEqual([
      'tls.client_certs.0',
    ])
  })
})
