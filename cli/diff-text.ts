/** Differences between two sets for people: a sign and a line a resource, its fields beneath, then a count. */
import { counted } from './amounts.ts'
import { type ChangeContext, changeLines } from './change-text.ts'
import { INDENT } from './plan-text.ts'
import { resourceText } from './printed-plan.ts'
import type { RevisionDifferenceJson } from './printed-revision.ts'
import type { Style } from './terminal.ts'
import { SIGN_WIDTH } from './verb-looks.ts'

const LOOKS: Readonly<Record<RevisionDifferenceJson['change'], readonly [string, Style]>> = {
  added: ['+', 'green'],
  changed: ['~', 'yellow'],
  removed: ['-', 'red'],
}

export function diffText(
  differences: readonly RevisionDifferenceJson[],
  between: string,
  context: ChangeContext,
): string {
  if (differences.length === 0) return `No difference between ${between}.\n`
  const lines = differences.flatMap((one) => {
    const [sign, style] = LOOKS[one.change]
    return [
      context.paint(style, `${sign.padStart(SIGN_WIDTH)} ${resourceText(one)}`),
      ...one.changes.flatMap((change) => changeLines(change, INDENT, context)),
    ]
  })
  const count = `${counted(differences.length, 'resource')} differ${differences.length === 1 ? 's' : ''} between ${between}.`
  return `${[...lines, '', count].join('\n')}\n`
}
