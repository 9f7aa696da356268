/**
 * The Parsing Canonical Form of a schema, and its fingerprint: what the single-object encoding names a schema by.
 *
 * Of the form only what changes the bytes is left, in one order and without blanks; a type is written out where it stands
 * first, and named after that. The fingerprint is CRC-64-AVRO.
 */
import type { AvroType } from './avro-type.ts'

export function canonicalForm(type: AvroType): string {
  return form(type, new Set())
}

function form(type: AvroType, written: Set<string>): string {
  switch (type.kind) {
    case 'array':
      return `{"type":"array","items":${form(type.items, written)}}`
    case 'map':
      return `{"type":"map","values":${form(type.values, written)}}`
    case 'union':
      return `[${type.branches.map((branch) => form(branch, written)).join(',')}]`
    case 'record':
    case 'enum':
    case 'fixed':
      break
    default:
      return JSON.stringify(type.kind)
  }
  const name = JSON.stringify(type.name)
  if (written.has(type.name)) return name
  written.add(type.name)
  if (type.kind === 'fixed') return `{"name":${name},"type":"fixed","size":${type.size}}`
  if (type.kind === 'enum') {
    return `{"name":${name},"type":"enum","symbols":${JSON.stringify(type.symbols)}}`
  }
  const fields = type.fields.map(
    (field) => `{"name":${JSON.stringify(field.name)},"type":${form(field.type, written)}}`,
  )
  return `{"name":${name},"type":"record","fields":[${fields.join(',')}]}`
}

const EMPTY = 0xc15d213aa4d7a795n
const TABLE: readonly bigint[] = Array.from({ length: 256 }, (_, index) => {
  let value = BigInt(index)
  for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ (value & 1n ? EMPTY : 0n)
  return value
})

export function avroFingerprint(canonical: string): bigint {
  let fingerprint = EMPTY
  for (const byte of Buffer.from(canonical)) {
    const index = Number((fingerprint ^ BigInt(byte)) & 0xffn)
    fingerprint = (fingerprint >> 8n) ^ (TABLE[index] ?? 0n)
  }
  return fingerprint
}
