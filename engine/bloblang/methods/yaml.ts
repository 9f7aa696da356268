/** YAML: one document in, and out in the form that Go's yaml.v3 writes. */
import { createRequire } from 'node:module'
import type { ScalarTag, Tags } from 'yaml'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { formatYaml } from '../formats/format-yaml.ts'
import { MappingError } from '../mapping-error.ts'
import { decodeText, expectText, expectValue } from '../values/kind-of.ts'
import { INT64_MIN, makeFloat } from '../values/number.ts'
import { setKey } from '../values/set-key.ts'
import { type ObjectValue, Timestamp, type Value } from '../values/value.ts'
import { valueText } from '../values/value-text.ts'

const require = createRequire(import.meta.url)
const parsing = { category: 'parsing', status: 'stable', parameters: [] } as const

type Yaml = typeof import('yaml')

/** The parser is slow on scalars of many megabytes. */
export const YAML_LENGTH_MAX = 4_194_304
/** Aliases of aliases can stand for more than any memory holds. */
const ALIASES_MAX = 1_000

function parseYaml(text: string): Value {
  if (text.length > YAML_LENGTH_MAX) {
    throw new MappingError(
      `expected YAML of at most ${YAML_LENGTH_MAX} characters, got ${text.length}`,
    )
  }
  const { parseAllDocuments } = require('yaml') as Yaml
  return foreign('expected a YAML document', () => {
    const documents = parseAllDocuments(text, {
      schema: 'core',
      merge: true,
      intAsBigInt: true,
      customTags: goTags,
      prettyErrors: false,
      logLevel: 'error',
    })
    const [first] = documents
    if (first === undefined || !('toJS' in first)) return null
    if (first.errors[0] !== undefined) throw first.errors[0]
    return fromYaml(first.toJS({ maxAliasCount: ALIASES_MAX, mapAsMap: true }))
  })
}

/** An unsigned number beyond the signed ones keeps its value. */
const UINT64_MAX = 2n ** 64n - 1n

function fromInteger(value: bigint): Value {
  const plain = Number(value)
  return Number.isSafeInteger(plain) ? plain : value
}

/** What Go reads as a whole number besides: a leading zero for octal, `0b`, and underscores between digits. */
function goTags(tags: Tags): Tags {
  return [
    wholeNumber(/^[-+]?0[0-7_]+$/, '0o'),
    wholeNumber(/^[-+]?0b[01_]+$/, ''),
    wholeNumber(/^[-+]?[1-9][\d_]*_[\d_]*$/, ''),
    ...tags,
    'timestamp',
    'binary',
  ]
}

function wholeNumber(test: RegExp, base: string): ScalarTag {
  return {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test,
    resolve: (text) => {
      const digits = text.replace(/^[-+]/, '').replaceAll('_', '')
      const magnitude = BigInt(base + digits)
      return text.startsWith('-') ? -magnitude : magnitude
    },
  }
}

const NS_PER_MS = 1_000_000n

function fromYaml(value: unknown): Value {
  switch (typeof value) {
    case 'bigint':
      return value >= INT64_MIN && value <= UINT64_MAX
        ? fromInteger(value)
        : makeFloat(Number(value))
    case 'number':
      return makeFloat(value)
    case 'string':
    case 'boolean':
      return value
  }
  if (Array.isArray(value)) return value.map(fromYaml)
  if (value instanceof Uint8Array) return decodeText(value)
  if (value instanceof Date) return new Timestamp(BigInt(value.getTime()) * NS_PER_MS, 'UTC')
  if (!(value instanceof Map)) return null
  const object: ObjectValue = {}
  for (const [key, item] of value as Map<unknown, unknown>) {
    setKey(object, valueText(fromYaml(key)), fromYaml(item))
  }
  return object
}

export const yamlMethods: readonly MethodDefinition[] = [
  {
    name: 'parse_yaml',
    ...parsing,
    description: 'The value of a YAML text; of several documents the first one.',
    examples: [
      {
        mapping: 'root = this.a.parse_yaml()',
        input: '{"a":"b: [1, 2.50, yes, ~]\\nc: 2020-01-02"}',
        output: '{"b":[1,2.5,"yes",null],"c":"2020-01-02T00:00:00Z"}',
      },
      { mapping: 'root = "a: [".parse_yaml()', error: 'expected a YAML document' },
    ],
    build: () => (target) => parseYaml(expectText(target)),
  },
  {
    name: 'format_yaml',
    ...parsing,
    description: 'The value as YAML, as bytes, with its keys in order.',
    examples: [
      {
        mapping: 'root = this.format_yaml()',
        input: '{"b":["x",{"c":"yes"}],"a":1.5}',
        output: 'a: 1.5\nb:\n    - x\n    - c: "yes"\n',
      },
    ],
    build: () => (target) => {
      const value = expectValue(target)
      return Buffer.from(foreign('expected a value that YAML can hold', () => formatYaml(value)))
    },
  },
]
