/**
 * For each kind a spec with as much in it as its schema allows: rules have a budget when they run, too, and what is
 * within the one for their estimate may exceed it.
 */

import type { JsonSchema } from '../../crds/json-schema.ts'
import { kinds } from '../../crds/kinds.ts'
import { KINDS, type Kind } from '../../crds/resource.ts'
import { SIZE_MAX } from '../../crds/size.ts'

const PATTERNED: Readonly<Record<string, string>> = {
  type: 'reading',
  age: '8760h',
  start: '2026-01-31T12:00:00.123456789+01:00',
  url: `https://${'x'.repeat(2040)}`,
}
/** An object is stored in one piece of one and a half megabytes at most. */
const TEXT_LENGTH_MAX = 50

export const atTheLimits: Readonly<Record<Kind, unknown>> = Object.fromEntries(
  KINDS.map((kind) => [kind, allowed(kind)]),
) as Record<Kind, unknown>

/** What rules forbid to stand together is left out. */
function allowed(kind: Kind): unknown {
  const spec = fullest(kinds[kind].spec, kind) as Record<string, unknown>
  if (kind === 'StreamType') {
    delete spec['jsonSchema']
    const properties = spec['properties'] as Record<string, unknown>[]
    spec['properties'] = properties.map(({ key: _, ...property }, index) =>
      index < 3 ? { id: property['id'], type: 'Int32', key: index + 1 } : property,
    )
  }
  if (kind === 'AccessPolicy') {
    const targets = spec['targets'] as Record<string, unknown>[]
    spec['targets'] = targets.map(({ kind: of, names }) => ({ kind: of, names }))
    const entries = spec['entries'] as Record<string, unknown>[]
    spec['entries'] = entries.map((entry) => ({ ...entry, trustee: { role: 'x'.repeat(250) } }))
    spec['owner'] = { user: 'x'.repeat(250) }
  }
  if (kind === 'Sink') spec['deadLetter'] = { stream: 'another' }
  return spec
}

function fullest(schema: JsonSchema, name: string, index: number = 0): unknown {
  if (schema.anyOf?.[0] !== undefined) return fullest(schema.anyOf[0], name, index)
  if (schema.enum !== undefined) return schema.enum[index % schema.enum.length]
  switch (schema.type) {
    case 'string':
      return fullText(schema, name, index)
    case 'array':
      return Array.from({ length: Math.min(schema.maxItems ?? 0, 512) }, (_, at) =>
        fullest(schema.items ?? {}, name, at),
      )
    case 'object':
      return fullObject(schema, index)
    case 'boolean':
      return true
    default:
      return schema.maximum ?? 1
  }
}

function fullObject(
  { properties, additionalProperties, maxProperties = 0 }: JsonSchema,
  index: number,
): unknown {
  if (typeof additionalProperties === 'object') {
    const names = Array.from({ length: maxProperties }, (_, at) => `name-${at}`)
    return Object.fromEntries(names.map((name) => [name, fullest(additionalProperties, name)]))
  }
  return Object.fromEntries(
    Object.entries(properties ?? {}).map(([name, one]) => [name, fullest(one, name, index)]),
  )
}

function fullText(
  { pattern, patternText, maxLength = 0 }: JsonSchema,
  name: string,
  index: number,
): string {
  if (PATTERNED[name] !== undefined) return PATTERNED[name]
  if (patternText?.startsWith('a duration') === true) return '99999999ms'
  if (patternText?.startsWith('a size') === true) return SIZE_MAX
  const length = name === 'id' ? maxLength : Math.min(maxLength, TEXT_LENGTH_MAX)
  return `${pattern === undefined ? 'É' : 'x'}`.repeat(length - 4) + String(index).padStart(4, '0')
}
