/** A database of two networks, written by MaxMind's specification of its format (2.0), is read by every method. */
import { expect, test } from 'vitest'
import { METHOD_NAMES } from '../catalogue-names.ts'
import { FIXED_ENVIRONMENT, runMapping } from '../evaluate-for-test.ts'

type Field = number | string | readonly Field[] | { readonly [key: string]: Field }

/** A control byte holds the type and the size; types from 8 on stand in a byte of their own. */
function encode(field: Field): Buffer {
  if (typeof field === 'string') {
    return Buffer.concat([Buffer.from([(2 << 5) | field.length]), Buffer.from(field)])
  }
  if (typeof field === 'number') {
    const bytes = Buffer.alloc(5, (6 << 5) | 4)
    bytes.writeUInt32BE(field, 1)
    return bytes
  }
  if (Array.isArray(field)) {
    return Buffer.concat([Buffer.from([field.length, 11 - 7]), ...field.map(encode)])
  }
  const entries = Object.entries(field)
  return Buffer.concat([
    Buffer.from([(7 << 5) | entries.length]),
    ...entries.flatMap(([key, value]) => [encode(key), encode(value)]),
  ])
}

/** One node: the addresses below 128.0.0.0 have the record, all others have none. */
function database(record: Field): Buffer {
  const node = Buffer.alloc(6)
  node.writeUIntBE(1 + 16, 0, 3)
  node.writeUIntBE(1, 3, 3)
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test',
    description: { en: 'Test' },
    ip_version: 4,
    languages: ['en'],
    node_count: 1,
    record_size: 24,
  }
  return Buffer.concat([
    node,
    Buffer.alloc(16),
    encode(record),
    Buffer.from('abcdef', 'hex'),
    Buffer.from('MaxMind.com'),
    encode(metadata),
  ])
}

const bytes = database({ country: { iso_code: 'DE', names: { en: 'Germany' } }, asn: 64_512 })
const environment = {
  ...FIXED_ENVIRONMENT,
  files: { read: (path: string) => ({ path, bytes }) },
}
const run = (mapping: string): string => runMapping(mapping, '{}', 'map', environment)

test.each(METHOD_NAMES.filter((name) => name.startsWith('geoip_')))(
  '%s finds an address',
  (name) => {
    expect(run(`root = "10.0.0.1".${name}("test.mmdb")`)).toBe(
      '{"asn":64512,"country":{"iso_code":"DE","names":{"en":"Germany"}}}',
    )
  },
)

test('an address that the database does not know is null', () => {
  expect(run('root.a = "192.0.2.1".geoip_city("test.mmdb")')).toBe('{"a":null}')
})

test.each(['home', '1.2.3', '', '1.2.3.400'])('%j is no address', (address) => {
  expect(() => run(`root = "${address}".geoip_city("test.mmdb")`)).toThrow('expected an IP address')
})

test('a mapping that may not read files is told so', () => {
  expect(() => runMapping('root = "10.0.0.1".geoip_city("test.mmdb")')).toThrow(
    'expected a mapping that may read files',
  )
})
