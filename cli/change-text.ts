/** What changes in one field: in a line where that is short, and line by line where the value is a text of several. */
import type { PrintedChange } from './printed-plan.ts'
import type { Terminal } from './terminal.ts'

/** A longer value is cut, or told on a line of its own. */
const VALUE_LENGTH_MAX = 80
const LINES_SHOWN_MAX = 20

export interface ChangeContext {
  readonly paint: Terminal['paintData']
  readonly columns: number | undefined
}

export function changeLines(
  change: PrintedChange,
  indent: string,
  context: ChangeContext,
): readonly string[] {
  const { path, from, to } = change
  if (isLong(from) || isLong(to))
    return [`${indent}${path}:`, ...lineByLine(change, `${indent}  `, context)]
  const line = `${indent}${path}: ${valueText(from)} → ${valueText(to)}`
  if (line.length <= (context.columns ?? Number.POSITIVE_INFINITY)) return [line]
  const { paint } = context
  return [
    `${indent}${path}:`,
    ...(isNothing(from) ? [] : [paint('red', `${indent}  - ${valueText(from)}`)]),
    ...(isNothing(to) ? [] : [paint('green', `${indent}  + ${valueText(to)}`)]),
  ]
}

/** What both have at the beginning and at the end is left out. */
function lineByLine(
  { from, to }: PrintedChange,
  indent: string,
  { paint }: ChangeContext,
): readonly string[] {
  const before = linesOf(from)
  const after = linesOf(to)
  let start = 0
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1
  let end = 0
  while (
    end < Math.min(before.length, after.length) - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end += 1
  const gone = before
    .slice(start, before.length - end)
    .map((line) => paint('red', `${indent}- ${line}`))
  const come = after
    .slice(start, after.length - end)
    .map((line) => paint('green', `${indent}+ ${line}`))
  return [...shortened(gone, indent), ...shortened(come, indent)]
}

function shortened(lines: readonly string[], indent: string): readonly string[] {
  if (lines.length <= LINES_SHOWN_MAX) return lines
  const shown = lines.slice(0, LINES_SHOWN_MAX)
  return [...shown, `${indent}… ${lines.length - LINES_SHOWN_MAX} more lines`]
}

function linesOf(value: unknown): readonly string[] {
  if (isNothing(value)) return []
  return typeof value === 'string' ? value.replace(/\n$/, '').split('\n') : [valueText(value)]
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.trimEnd().includes('\n')
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined
}

export function valueText(value: unknown): string {
  if (isNothing(value)) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX - 1)}…` : text
}
