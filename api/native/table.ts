/** Objects as kubectl prints them: a table whose columns are those of the kind. */
import type { PrinterColumn } from '../../crds/kind.ts'
import type { ResourceObject } from '../../crds/resource.ts'
import { humanDuration } from './human-duration.ts'
import { compilePath, type Look } from './json-path.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableBody {
  readonly kind: 'Table'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: object
  readonly columnDefinitions: readonly object[] | null
  readonly rows: readonly object[]
}

interface CompiledColumn extends PrinterColumn {
  readonly look: Look
}

const NAME = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'The name, unique for its kind in its namespace.',
  priority: 0,
}

const compiled = new WeakMap<readonly PrinterColumn[], readonly CompiledColumn[]>()

export function columnDefinitions(columns: readonly PrinterColumn[]): readonly object[] {
  const rest = columns.map(({ name, type, jsonPath, description, priority = 0 }) => ({
    name,
    type,
    format: '',
    description: description ?? `What stands at ${jsonPath}.`,
    priority,
  }))
  return [NAME, ...rest]
}

export function tableRow(
  object: ResourceObject,
  columns: readonly PrinterColumn[],
  include: IncludeObject,
  nowUs: number,
): object {
  const cells = compiledOf(columns).map((column) => cell(column, object, nowUs))
  return {
    cells: [object.metadata.name, ...cells],
    ...(include === 'None' ? {} : { object: include === 'Object' ? object : partial(object) }),
  }
}

export function table(
  metadata: object,
  definitions: readonly object[] | null,
  rows: readonly object[],
): TableBody {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: definitions,
    rows,
  }
}

/** The metadata alone, for those who count or cache. */
export function partial({ metadata }: ResourceObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}

function compiledOf(columns: readonly PrinterColumn[]): readonly CompiledColumn[] {
  const known = compiled.get(columns)
  if (known !== undefined) return known
  const made = columns.map((column) => ({ ...column, look: compilePath(column.jsonPath) }))
  compiled.set(columns, made)
  return made
}

/** What has another type than its column is left out, as the API server does. */
function cell({ type, look }: CompiledColumn, object: ResourceObject, nowUs: number): unknown {
  const value = look(object)
  if (value === undefined || value === null) return null
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : textOf(value)
    case 'date':
      return typeof value === 'string' ? humanDuration(nowUs / 1000 - Date.parse(value)) : null
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
  }
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : JSON.stringify(value)
}
