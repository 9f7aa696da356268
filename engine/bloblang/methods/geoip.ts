/**
 * Methods that look addresses up in databases of MaxMind.
 *
 * The library that reads these is optional: who does without it pays nothing for it, and is told what to install.
 */
import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { fileReader, remembered } from '../functions/read-file.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText } from '../values/kind-of.ts'
import { makeFloat } from '../values/number.ts'
import { setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'

const require = createRequire(import.meta.url)

interface Database {
  get(address: string): unknown
}

function openDatabase(bytes: Uint8Array): Database {
  const { Reader } = loadReader()
  return foreign('expected a MaxMind database', () => new Reader(Buffer.from(bytes)))
}

function loadReader(): typeof import('mmdb-lib') {
  try {
    return require('mmdb-lib') as typeof import('mmdb-lib')
  } catch {
    throw new MappingError(
      'expected the package that reads MaxMind databases: npm install mmdb-lib',
    )
  }
}

function lookUp(database: Database, address: string): Value {
  if (isIP(address) === 0) {
    throw new MappingError(`expected an IP address, got "${address.slice(0, 64)}"`)
  }
  return foreign('expected an IP address', () => fromDatabase(database.get(address)))
}

function fromDatabase(value: unknown): Value {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : makeFloat(value)
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') {
    return value
  }
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(fromDatabase)
  const object: ObjectValue = {}
  for (const [key, item] of Object.entries(value)) setKey(object, key, fromDatabase(item))
  return object
}

function geoipMethod(name: string, what: string): MethodDefinition {
  return {
    name: `geoip_${name}`,
    tied: 'reads a file',
    category: 'geoip',
    status: 'experimental',
    description: `What a MaxMind database tells about ${what} of an IP address, or null when it does not know the address.`,
    parameters: [{ name: 'path', type: 'string', description: 'The path of the mmdb file.' }],
    examples: [
      {
        mapping: `root = "192.0.2.1".geoip_${name}("none.mmdb")`,
        error: 'expected a file that can be read',
      },
      {
        mapping: `root = "192.0.2.1".geoip_${name}("greeting.txt")`,
        error: 'expected a MaxMind database',
      },
    ],
    build: (site) => {
      const path = site.string('path')
      const { absolute } = fileReader(site.environment)
      const database = remembered((name) => openDatabase(absolute(name)))
      return (target, frame) => lookUp(database(path(frame)), expectText(target))
    },
  }
}

export const geoipMethods: readonly MethodDefinition[] = [
  geoipMethod('anonymous_ip', 'the anonymity'),
  geoipMethod('asn', 'the autonomous system'),
  geoipMethod('city', 'the city'),
  geoipMethod('connection_type', 'the type of connection'),
  geoipMethod('country', 'the country'),
  geoipMethod('domain', 'the domain'),
  geoipMethod('enterprise', 'the enterprise'),
  geoipMethod('isp', 'the provider'),
]
