/**
 * The `tls` field of components that call servers, and what it means to node.
 *
 * A file is named relative to the pipeline's directory and needs a grant; keys and passwords are secrets, and no message
 * about them says more than where they stand. Everything is read when a component connects, so that a renewed
 * certificate counts from the next connection on.
 */
import { constants } from 'node:crypto'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { type TUnsafe, Type } from '../../crds/typebox.ts'
import { HeadgateError } from '../error.ts'
import type { BuildContext } from '../pipelines/build-context.ts'
import type { ConfigFault } from '../pipelines/component.ts'
import { secretField } from '../pipelines/fields.ts'
import type { Need, SecretReference } from '../pipelines/pipeline.ts'

/** What a file of certificates or a key may hold. */
export const TLS_FILE_BYTES_MAX: number = 1024 * 1024

const clientCert = Type.Object({
  cert: Type.String({ default: '', description: 'The certificate, as PEM.' }),
  key: secretField({ default: '', description: 'Its key, as PEM.' }),
  cert_file: Type.String({ default: '', description: 'The file of the certificate.' }),
  key_file: Type.String({ default: '', description: 'The file of its key.' }),
  password: secretField({ default: '', description: 'What the key is encrypted with.' }),
})

const fields = {
  enabled: Type.Boolean({ default: false, description: 'Whether these settings are used.' }),
  skip_cert_verify: Type.Boolean({
    default: false,
    description: 'Trusts every server. For tests on one machine.',
  }),
  enable_renegotiation: Type.Boolean({
    default: false,
    description: 'Lets a server of TLS 1.2 negotiate anew within a connection.',
  }),
  root_cas: Type.String({
    default: '',
    description: 'The authorities to trust instead of the usual ones, as PEM.',
  }),
  root_cas_file: Type.String({ default: '', description: 'A file of such authorities.' }),
  client_certs: Type.Array(clientCert, {
    default: [],
    description: 'Certificates that this side shows: texts, or files.',
  }),
}

/** As the schema says. */
export interface TlsConfig {
  readonly enabled: boolean
  readonly skip_cert_verify: boolean
  readonly enable_renegotiation: boolean
  readonly root_cas: string
  readonly root_cas_file: string
  readonly client_certs: readonly ClientCert[]
}

export interface ClientCert {
  readonly cert: string
  readonly key: string | SecretReference
  readonly cert_file: string
  readonly key_file: string
  readonly password: string | SecretReference
}

/** A component's own field: `tls: tlsFields`. */
export const tlsFields: TUnsafe<TlsConfig> = Type.Unsafe<TlsConfig>(
  Type.Object(fields, { default: {}, description: 'How connections are secured.' }),
)

/** For a component's `needs`: the files to be read. */
export function tlsNeeds(config: TlsConfig, path: readonly string[] = ['tls']): readonly Need[] {
  if (!config.enabled) return []
  const files: [name: string, at: readonly (string | number)[]][] = [
    [config.root_cas_file, ['root_cas_file']],
    ...config.client_certs.flatMap(
      ({ cert_file, key_file }, index): [string, readonly (string | number)[]][] => [
        [cert_file, ['client_certs', index, 'cert_file']],
        [key_file, ['client_certs', index, 'key_file']],
      ],
    ),
  ]
  return files
    .filter(([name]) => name !== '')
    .map(([name, at]) => ({ kind: 'file', name, path: [...path, ...at] }))
}

/** For a component's `check`. */
export function tlsFaults(
  config: TlsConfig,
  path: readonly string[] = ['tls'],
): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  if (config.root_cas !== '' && config.root_cas_file !== '') {
    const message = 'expected either root_cas or root_cas_file, got both'
    faults.push({ path: [...path, 'root_cas_file'], message })
  }
  config.client_certs.forEach(({ cert, key, cert_file, key_file }, index) => {
    const texts = cert !== '' || key !== ''
    const files = cert_file !== '' || key_file !== ''
    const both = texts ? cert !== '' && key !== '' : cert_file !== '' && key_file !== ''
    if (both && !(texts && files)) return
    const got = texts && files ? 'both texts and files' : 'a part of them'
    const message = `expected cert and key, or cert_file and key_file, got ${got}`
    faults.push({ path: [...path, 'client_certs', index], message })
  })
  return faults
}

/** What a connection is opened with; undefined where the field is off. To be called in `connect`. */
export async function tlsOptions(
  config: TlsConfig,
  context: Pick<BuildContext, 'environment'>,
): Promise<ConnectionOptions | undefined> {
  if (!config.enabled) return undefined
  const roots =
    config.root_cas === '' ? await textOf(config.root_cas_file, context) : config.root_cas
  const certs: string[] = []
  const keys: { pem: string; passphrase?: string }[] = []
  for (const client of config.client_certs) {
    const { cert, key, passphrase } = await identityOf(client, context)
    certs.push(cert)
    keys.push({ pem: key, ...(passphrase === '' ? {} : { passphrase }) })
  }
  const options: ConnectionOptions = {
    rejectUnauthorized: !config.skip_cert_verify,
    ...(config.enable_renegotiation ? {} : { secureOptions: constants.SSL_OP_NO_RENEGOTIATION }),
    ...(roots === '' ? {} : { ca: roots }),
    ...(certs.length === 0 ? {} : { cert: certs, key: keys }),
  }
  judge(options)
  return options
}

interface Identity {
  readonly cert: string
  readonly key: string
  readonly passphrase: string
}

async function identityOf(
  client: ClientCert,
  context: Pick<BuildContext, 'environment'>,
): Promise<Identity> {
  const { cert, key, cert_file, key_file, password } = client
  return {
    cert: cert === '' ? await textOf(cert_file, context) : cert,
    key: key === '' ? await textOf(key_file, context) : await secretOf(key, context),
    passphrase: await secretOf(password, context),
  }
}

/** Text that stands in the config, or what its reference stands for. To be called in `connect`. */
export async function secretOf(
  value: string | SecretReference,
  { environment }: Pick<BuildContext, 'environment'>,
): Promise<string> {
  return typeof value === 'string' ? value : await environment.secrets.resolve(value)
}

/** The certificates or key of a file that the config names; empty where it names none. */
export async function textOf(
  name: string,
  { environment }: Pick<BuildContext, 'environment'>,
): Promise<string> {
  if (name === '') return ''
  const path = resolve(environment.directory, name)
  const bytes = await beginningOf(path)
  if (bytes.length <= TLS_FILE_BYTES_MAX) return bytes.toString()
  const message = `expected a TLS file of at most ${TLS_FILE_BYTES_MAX} bytes, got ${path}`
  throw new HeadgateError('ComponentConfigInvalid', message)
}

/** One byte more than is allowed tells that there are more, of a device without an end too. */
async function beginningOf(path: string): Promise<Buffer> {
  try {
    await using file = await open(path, 'r')
    const bytes = Buffer.alloc(TLS_FILE_BYTES_MAX + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length)
      length += bytesRead
      if (bytesRead === 0 || length === bytes.length) return bytes.subarray(0, length)
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw new HeadgateError('ComponentConfigInvalid', `cannot read the TLS file ${path}: ${code}`, {
      cause,
      hint: 'Give the path of a file that this process may read.',
    })
  }
}

/** Now, and with a sentence: a connection would say it later, and in the library's words. */
function judge(options: ConnectionOptions): void {
  try {
    createSecureContext(options)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    const message = `the certificates or keys of tls cannot be used: ${code}`
    throw new HeadgateError('ComponentConfigInvalid', message, {
      hint: 'Each has to be PEM, a key has to fit its certificate, and an encrypted one needs its password.',
    })
  }
}
