/** Objects as a table: their names, how they are, and the columns that their kind prints. */

import type { Condition } from '../controllers/status/condition.ts'
import type { PrinterColumn } from '../crds/kind.ts'
import type { ResourceObject } from '../crds/resource.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { ageText } from './amounts.ts'
import type { Gettable } from './kind-names.ts'

const CELL_LENGTH_MAX = 60
/** Every table has these; kinds list them for kubectl. */
const COMMON_COLUMNS: readonly string[] = ['Ready', 'Status', 'Age']

export interface TableOptions {
  readonly withNamespace: boolean
  readonly withKind: boolean
  readonly wide: boolean
}

export function table(
  kind: Gettable,
  objects: readonly ResourceObject[],
  options: TableOptions,
): string {
  return aligned([
    headerOf(kind, options),
    ...objects.map((object) => rowOf(kind, object, options)),
  ])
}

export function headerOf(kind: Gettable, options: TableOptions): readonly string[] {
  return [
    ...(options.withNamespace && kind.namespaced ? ['NAMESPACE'] : []),
    'NAME',
    'READY',
    ...ownColumns(kind, options).map(({ name }) => name.toUpperCase()),
    'AGE',
    'STATUS',
  ]
}

export function rowOf(
  kind: Gettable,
  object: ResourceObject,
  options: TableOptions,
): readonly string[] {
  const { name, namespace = '' } = object.metadata
  return [
    ...(options.withNamespace && kind.namespaced ? [namespace] : []),
    options.withKind ? `${kind.kind.toLowerCase()}/${name}` : name,
    readyOf(object)?.status ?? '',
    ...ownColumns(kind, options).map((column) => cell(object, column)),
    ageOf(object),
    statusText(object),
  ]
}

function ownColumns(
  { columns, wideColumns }: Gettable,
  { wide }: TableOptions,
): readonly PrinterColumn[] {
  const own = columns.filter(({ name }) => !COMMON_COLUMNS.includes(name))
  return wide ? [...own, ...wideColumns] : own
}

export function aligned(rows: readonly (readonly string[])[]): string {
  return rowsText(rows, widthsOf(rows))
}

/** Of each column; rows that come later may keep to them. */
export function widthsOf(rows: readonly (readonly string[])[]): readonly number[] {
  return (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
}

export function rowsText(rows: readonly (readonly string[])[], widths: readonly number[]): string {
  const lines = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

export function readyOf(object: ResourceObject): Condition | undefined {
  return conditionsOf(object).find(({ type }) => type === 'Ready')
}

/** The reason, and where it is not ready the sentence too: that is what somebody looks for. */
function statusText(object: ResourceObject): string {
  const ready = readyOf(object)
  if (ready === undefined) return ''
  const extra = conditionsOf(object)
    .filter(({ type, status }) => type !== 'Ready' && type !== 'Connected' && status === 'True')
    .map(({ type }) => type)
  const reason = [ready.reason, ...extra.filter((type) => type !== ready.reason)].join(', ')
  return ready.status === 'True' ? reason : `${reason}: ${ready.message}`
}

export function conditionsOf({ status }: ResourceObject): readonly Condition[] {
  const conditions = (status as { readonly conditions?: unknown } | undefined)?.conditions
  return Array.isArray(conditions) ? (conditions as readonly Condition[]) : []
}

export function ageOf({ metadata: { creationTimestamp } }: ResourceObject): string {
  if (creationTimestamp === undefined) return ''
  return ageText(realClock.wallUs() / 1000 - Date.parse(creationTimestamp))
}

/** Printer columns use plain paths only: `.status.records`. */
function cell(object: ResourceObject, { jsonPath }: PrinterColumn): string {
  let value: unknown = object
  for (const name of jsonPath.split('.').slice(1)) {
    if (typeof value !== 'object' || value === null) return ''
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  if (value === undefined || value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.length > CELL_LENGTH_MAX ? `${text.slice(0, CELL_LENGTH_MAX - 1)}…` : text
}
