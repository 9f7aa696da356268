/** A plan for a comment beneath a change: a heading that counts, a warning of what is lost, a table, the fields folded. */
import { byteText } from '../crds/size.ts'
import { counted } from './amounts.ts'
import { changeLines } from './change-text.ts'
import { countsText, lossTexts, moveSummaries, moveTexts } from './plan-counts.ts'
import {
  type PrintedAction,
  type PrintedPlan,
  placeText,
  reasonBesides,
  resourceText,
  verbText,
} from './printed-plan.ts'
import { signOf } from './verb-looks.ts'

/** Code hosts cut or refuse longer comments. */
const ROWS_MAX = 200

export function planMarkdown(plan: PrintedPlan): string {
  const { source, actions, kept } = plan
  if (actions.length === 0)
    return `### Headgate: nothing to change\n\nSource \`${source}\`: ${counted(kept, 'resource')} as declared.\n`
  const loss = lossTexts(actions)
  const moves = moveSummaries(actions)
  const shown = actions.slice(0, ROWS_MAX)
  const more = actions.length - shown.length
  const parts = [
    `### Headgate plan for \`${source}\`: ${countsText(plan)}`,
    ...(loss.length === 0 ? [] : [`> [!CAUTION]\n> ${loss.join(' ')}`]),
    ...(moves.length === 0 ? [] : [`> [!WARNING]\n> ${moves.join(' ')}`]),
    [
      '| | resource | why | where |',
      '|---|---|---|---|',
      ...shown.map(row),
      ...(more === 0 ? [] : [`| | … ${counted(more, 'more action')} | | |`]),
    ].join('\n'),
    ...fieldsPart(shown),
  ]
  return `${parts.join('\n\n')}\n`
}

function row(action: PrintedAction): string {
  const { verb, cause, cost, blockedBy } = action
  const does = verb === 'blocked' ? `${verbText(action)}, held back` : verbText(action)
  const why = [
    ...(blockedBy === undefined ? [] : [`\`${blockedBy}\``]),
    reasonBesides(action) || action.changes.map(({ path }) => `\`${path}\``).join(', '),
    ...(cost === null || cost.readAgain !== undefined
      ? []
      : [`**${counted(cost.records, 'record')} (${byteText(cost.bytes)})**`]),
    ...(cost === null ? [] : moveTexts(cost, verb).map((text) => `**${text}**`)),
  ].join(' ')
  const cells = [
    `\`${signOf(verb)}\` ${does}`,
    resourceText(action),
    why,
    cause === null ? '' : `\`${placeText(cause)}\``,
  ]
  return `| ${cells.map(cell).join(' | ')} |`
}

/** A pipe would end the cell, and a line the row. */
function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ')
}

function fieldsPart(actions: readonly PrintedAction[]): readonly string[] {
  const changed = actions.filter(({ changes }) => changes.length > 0)
  if (changed.length === 0) return []
  const plain = { paint: (_style: string, text: string) => text, columns: undefined }
  const lines = changed.flatMap((action) => [
    resourceText(action),
    ...action.changes.flatMap((change) => changeLines(change, '  ', plain)),
  ])
  const fence = lines.some((line) => line.includes('```')) ? '~~~~' : '```'
  return [
    `<details><summary>Fields that change</summary>\n\n${fence}text\n${lines.join('\n')}\n${fence}\n\n</details>`,
  ]
}
