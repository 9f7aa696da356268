/** One line of the engine's table: what was wanted, what was measured, and what the same run gave beside it. */

export interface Row {
  readonly what: string
  readonly target: string
  readonly figure: string
  /** The raw limit or the peer of the same run. */
  readonly beside: string
  readonly ratio: number | undefined
  /** Undefined where nothing is asked for, or nothing could be measured. */
  readonly met: boolean | undefined
  readonly note: string
}

/** A row whose ratio has to be at least, or at most, a number. */
export function judged(
  { what, figure, beside, note = '' }: Pick<Row, 'what' | 'figure' | 'beside'> & { note?: string },
  ratio: number,
  wanted: { readonly least: number } | { readonly most: number },
): Row {
  const met = 'least' in wanted ? ratio >= wanted.least : ratio <= wanted.most
  const target = 'least' in wanted ? `≥ ${wanted.least} times` : `≤ ${wanted.most} times`
  return { what, target, figure, beside, ratio, met, note }
}

/** For what is not there, or went wrong: the other rows still count. */
export function notMeasured(what: string, target: string, note: string): Row {
  return { what, target, figure: '-', beside: '-', ratio: undefined, met: undefined, note }
}

const COLUMNS = ['what', 'target', 'figure', 'beside', 'ratio', 'met', 'note'] as const

export function printTable(rows: readonly Row[]): void {
  const lines = rows.map(({ what, target, figure, beside, ratio, met, note }) => [
    what,
    target,
    figure,
    beside,
    ratio === undefined ? '-' : ratio.toFixed(2),
    met === undefined ? '-' : met ? 'met' : 'SHORT',
    note,
  ])
  const table = [[...COLUMNS], COLUMNS.map(() => '---'), ...lines]
  const widths = COLUMNS.map((_, column) =>
    Math.max(...table.map((cells) => cells[column]?.length ?? 0)),
  )
  for (const cells of table) {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    console.log(`| ${padded.join(' | ')} |`)
  }
  const short = rows.filter(({ met }) => met === false)
  const left = rows.filter(({ met, target }) => met === undefined && target !== '')
  console.log(
    `\n${rows.filter(({ met }) => met === true).length} met, ${short.length} fall short, ${left.length} not measured`,
  )
  for (const { what, target, ratio, figure } of short) {
    const got = target.endsWith('times') ? ratio?.toFixed(2) : figure
    console.log(`falls short: ${what}: ${target}, got ${got}`)
  }
}
