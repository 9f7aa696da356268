/** The `scanner` field of inputs that read bytes: its schema, what is wrong with one, and what it makes. */
import { type TSchema, type TUnsafe, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { isRecord } from '../../pipelines/component-config.ts'
import { checkConfig, conformConfig } from '../../pipelines/config-check.ts'
import { avro } from './avro.ts'
import { chunker } from './chunker.ts'
import { csv } from './csv.ts'
import { decompress } from './decompress.ts'
import { jsonArray } from './json-array.ts'
import { jsonDocuments } from './json-documents.ts'
import { lines } from './lines.ts'
import { reMatch } from './re-match.ts'
import type { OpenScanner, ScannerDefinition } from './scanner.ts'
import { skipBom } from './skip-bom.ts'
import { switchScanner } from './switch.ts'
import { tar } from './tar.ts'
import { toTheEnd } from './to-the-end.ts'

export const SCANNERS: readonly ScannerDefinition[] = [
  avro,
  chunker,
  csv,
  decompress,
  jsonArray,
  jsonDocuments,
  lines,
  reMatch,
  skipBom,
  switchScanner,
  tar,
  toTheEnd,
]

/** Scanners within scanners, deeper than this, are refused. */
export const SCANNER_DEPTH_MAX = 8

type Path = readonly (string | number)[]

const schema: TSchema = Type.Object(
  Object.fromEntries(SCANNERS.map(({ name, config }) => [name, Type.Optional(config)])),
)

export const scannerField: TUnsafe<unknown> = Type.Unsafe<unknown>({
  ...schema,
  default: { lines: {} },
  description: `How bytes become messages: one of ${SCANNERS.map(({ name }) => `\`${name}\``).join(', ')}.`,
})

/** What the schema of the field cannot say; its defaults are filled in. */
export function scannerFaults(scanner: unknown, path: Path, depth = 1): readonly ConfigFault[] {
  const names = namesOf(scanner)
  const definition = definitionOf(scanner)
  if (definition === undefined) {
    const found = names.length === 0 ? 'none' : names.join(' and ')
    return [{ path, message: `expected one scanner, got ${found}` }]
  }
  if (depth > SCANNER_DEPTH_MAX) {
    return [{ path, message: `scanners are nested more than ${SCANNER_DEPTH_MAX} deep` }]
  }
  const own = [...path, definition.name]
  const config = configOf(scanner, definition)
  const faults: ConfigFault[] = (definition.check?.(config) ?? []).map((fault) => ({
    ...fault,
    path: [...own, ...fault.path],
  }))
  for (const child of definition.children?.(config) ?? []) {
    faults.push(...nestedFaults(child.scanner, [...own, ...child.path], depth + 1))
  }
  return faults
}

/** Of a field that has no faults. */
export function openScanner(scanner: unknown): OpenScanner {
  const definition = definitionOf(scanner)
  if (definition === undefined) {
    throw new HeadgateError('ComponentConfigInvalid', 'expected one scanner')
  }
  return definition.build(configOf(scanner, definition), (child) =>
    openScanner(conformConfig(schema, child)),
  )
}

/** The schema of the outer field ends where a scanner lies within another. */
function nestedFaults(scanner: unknown, path: Path, depth: number): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  checkConfig(schema, scanner, path, {
    problem: (found) => faults.push(found),
    field: () => {},
  })
  if (faults.length > 0) return faults
  return scannerFaults(conformConfig(schema, scanner), path, depth)
}

function namesOf(scanner: unknown): readonly string[] {
  return isRecord(scanner) ? Object.keys(scanner) : []
}

function definitionOf(scanner: unknown): ScannerDefinition | undefined {
  const [name, ...others] = namesOf(scanner)
  return others.length > 0 ? undefined : SCANNERS.find((one) => one.name === name)
}

function configOf(scanner: unknown, { name }: ScannerDefinition): never {
  return (scanner as Readonly<Record<string, unknown>>)[name] as never
}
