/** The `tls` field of a listener of ours: its certificate, and what is asked of those who connect. */
import { createSecureContext, type TLSSocket, type TlsOptions } from 'node:tls'
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import type { Need } from '../../pipelines/pipeline.ts'
import { textOf } from '../tls-fields.ts'
import { selfSigned } from './self-signed.ts'

const CLIENT_AUTH = ['no', 'request', 'require', 'verify_if_given', 'require_and_verify'] as const
type ClientAuth = (typeof CLIENT_AUTH)[number]

export interface ServerTlsConfig {
  readonly cert_file: string
  readonly key_file: string
  readonly self_signed: boolean
  readonly client_auth: ClientAuth
}

const fields = {
  cert_file: Type.String({ default: '', description: 'The file of the certificate, as PEM.' }),
  key_file: Type.String({ default: '', description: 'The file of its key, as PEM.' }),
  self_signed: Type.Boolean({
    default: false,
    description: 'Makes a certificate for localhost when it starts. For tests on one machine.',
  }),
  client_auth: Type.Unsafe<ClientAuth>({
    type: 'string',
    enum: CLIENT_AUTH,
    default: 'no',
    description:
      'What a client has to show: nothing, or a certificate, which is verified by the authorities that the system trusts where the name says so.',
  }),
}

export const serverTlsFields: TUnsafe<ServerTlsConfig> = Type.Unsafe<ServerTlsConfig>(
  Type.Object(fields, { default: {}, description: 'The certificate, for the network `tls`.' }),
)

export function serverTlsNeeds({ cert_file, key_file }: ServerTlsConfig): readonly Need[] {
  const files: [name: string, field: string][] = [
    [cert_file, 'cert_file'],
    [key_file, 'key_file'],
  ]
  return files
    .filter(([name]) => name !== '')
    .map(([name, field]) => ({ kind: 'file', name, path: ['tls', field] }))
}

export function serverTlsFaults(config: ServerTlsConfig): readonly ConfigFault[] {
  const { cert_file, key_file, self_signed } = config
  const files = cert_file !== '' && key_file !== ''
  const some = cert_file !== '' || key_file !== ''
  if (self_signed ? !some : files) return []
  const message = self_signed
    ? 'expected either self_signed or files, got both'
    : 'expected cert_file and key_file, or self_signed'
  return [{ path: ['tls'], message }]
}

/** To be called in `connect`. */
export async function serverTlsOptions(
  config: ServerTlsConfig,
  context: Pick<BuildContext, 'environment'>,
): Promise<TlsOptions> {
  const identity = config.self_signed
    ? await selfSigned(context.environment)
    : { cert: await textOf(config.cert_file, context), key: await textOf(config.key_file, context) }
  try {
    createSecureContext(identity)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    const message = `the certificate or the key of tls cannot be used: ${code}`
    throw new HeadgateError('ComponentConfigInvalid', message)
  }
  const { client_auth } = config
  const rejectUnauthorized = client_auth === 'require_and_verify'
  return { ...identity, requestCert: client_auth !== 'no', rejectUnauthorized }
}

/** Of a client that the handshake let in. */
export function isClientAccepted(socket: TLSSocket, { client_auth }: ServerTlsConfig): boolean {
  const shown = Object.keys(socket.getPeerCertificate() ?? {}).length > 0
  if (client_auth === 'require') return shown
  return client_auth !== 'verify_if_given' || !shown || socket.authorized
}
