/** UUIDs that a name decides: version 5 of RFC 9562. */
import { createHash } from 'node:crypto'
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { expectBytes } from './expect-bytes.ts'

/** The name spaces that the RFC gives. */
const SPACES: Readonly<Record<string, string>> = {
  dns: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  url: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
  oid: '6ba7b812-9dad-11d1-80b4-00c04fd430c8',
  x500: '6ba7b814-9dad-11d1-80b4-00c04fd430c8',
}
const NIL = '00000000-0000-0000-0000-000000000000'
const FORM = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function spaceOf(name: string): Buffer {
  const known = name === '' ? NIL : Object.hasOwn(SPACES, name) ? SPACES[name] : name
  if (known === undefined || !FORM.test(known)) {
    throw new MappingError(`expected dns, url, oid, x500 or a UUID, got "${name.slice(0, 64)}"`)
  }
  return Buffer.from(known.replaceAll('-', ''), 'hex')
}

/** The first 16 bytes of the digest, with version and variant in their places. */
function namedUuid(space: Buffer, name: Buffer): string {
  const bytes = createHash('sha1').update(space).update(name).digest()
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const namedUuidMethods: readonly MethodDefinition[] = [
  {
    name: 'uuid_v5',
    category: 'encoding',
    status: 'stable',
    description: 'The UUID of a name within a name space, always the same one.',
    parameters: [
      {
        name: 'ns',
        type: 'string',
        description: 'dns, url, oid, x500, or a UUID; the nil UUID when left out.',
        optional: true,
      },
    ],
    examples: [
      {
        mapping: 'root = "www.example.com".uuid_v5("dns")',
        output: '2ed6657d-e927-568b-95e1-2665a8aea6a2',
      },
      { mapping: 'root = "a".uuid_v5("mine")', error: 'expected dns, url, oid, x500 or a UUID' },
    ],
    build: (site) => {
      const space = site.given('ns') ? site.derived('ns', spaceOf) : () => spaceOf('')
      return (target, frame) => namedUuid(space(frame), expectBytes(target))
    },
  },
]
