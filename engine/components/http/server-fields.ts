/** The fields of components that HTTP clients come to: where they listen, with which certificate, and for which pages. */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import type { Need } from '../../pipelines/pipeline.ts'
import { pathFault } from '../../ports/path-pattern.ts'
import { parseAddress } from './listener.ts'

export interface CorsConfig {
  readonly enabled: boolean
  readonly allowed_origins: readonly string[]
}

export interface ServerConfig {
  readonly address: string
  readonly allowed_verbs: readonly string[]
  readonly timeout: string
  readonly cert_file: string
  readonly key_file: string
  readonly cors: CorsConfig
}

type OwnListenerField = 'address' | 'cert_file' | 'key_file' | 'cors'
type OwnListenerFields = { readonly [Name in OwnListenerField]: TUnsafe<ServerConfig[Name]> }

const text = (description: string): TUnsafe<string> =>
  Type.Unsafe<string>(Type.String({ default: '', description }))

/** To be spread into a component's fields. */
export const ownListenerFields: OwnListenerFields = {
  address: text('A listener of its own, `host:port`; the shared server where empty.'),
  cert_file: text('The certificate of such a listener, as PEM: it then speaks TLS.'),
  key_file: text('The key of the certificate.'),
  cors: Type.Unsafe<CorsConfig>(
    Type.Object(
      {
        enabled: Type.Boolean({ default: false, description: 'Whether pages of others may come.' }),
        allowed_origins: Type.Array(Type.String(), {
          default: [],
          description: 'Whose: `https://example.org`, or `*` for all.',
        }),
      },
      { default: {}, description: 'Which web pages may reach a listener of its own.' },
    ),
  ),
}

export function pathField(standard: string, description: string): TUnsafe<string> {
  return Type.Unsafe<string>(Type.String({ default: standard, description }))
}

export function verbsField(standard: string): TUnsafe<readonly string[]> {
  return Type.Unsafe<readonly string[]>(
    Type.Array(Type.String(), {
      default: [standard],
      minItems: 1,
      description: 'Methods that are taken; others get 405.',
    }),
  )
}

export function serverExclusives({ address }: ServerConfig): readonly string[] {
  return address === '' ? [] : [`port:${address}`]
}

export function serverNeeds({ address, cert_file, key_file }: ServerConfig): readonly Need[] {
  if (address === '') return []
  const files: readonly Need[] = [
    { kind: 'file', name: cert_file, path: ['cert_file'] },
    { kind: 'file', name: key_file, path: ['key_file'] },
  ]
  const listener: Need = { kind: 'listener', name: address, path: ['address'] }
  return [listener, ...files.filter(({ name }) => name !== '')]
}

/** `paths` are the values of its path fields, by their names; an empty one means none. */
export function serverFaults(
  config: ServerConfig,
  paths: Readonly<Record<string, string>>,
): readonly ConfigFault[] {
  const { address, cert_file, key_file, cors, allowed_verbs } = config
  const faults: ConfigFault[] = []
  const add = (field: string, message: string) => faults.push({ path: [field], message })
  if (address !== '' && !address.includes('${') && parseAddress(address) === undefined) {
    add('address', `expected host:port, got ${JSON.stringify(address)}`)
  }
  const own = "needs an address of its own: the shared server is not the component's"
  if (address === '' && cert_file !== '') add('cert_file', `cert_file ${own}`)
  if (address === '' && key_file !== '') add('key_file', `key_file ${own}`)
  if (address === '' && cors.enabled) add('cors', `cors ${own}`)
  if (address !== '' && (cert_file === '') !== (key_file === '')) {
    add(cert_file === '' ? 'cert_file' : 'key_file', 'expected cert_file and key_file, got one')
  }
  for (const [field, path] of Object.entries(paths)) {
    const fault = path === '' || path.includes('${') ? undefined : pathFault(path)
    if (fault !== undefined) add(field, fault)
  }
  allowed_verbs.forEach((verb, index) => {
    if (/^[A-Z]+$/.test(verb) || verb.includes('${')) return
    const message = `expected a method such as POST, got ${verb}`
    faults.push({ path: ['allowed_verbs', index], message })
  })
  return faults
}
