/** A plan for people: a sign and a line an action, beneath it why, what changes and what it costs; then a count. */
import { byteText } from '../crds/size.ts'
import { counted } from './amounts.ts'
import { type ChangeContext, changeLines } from './change-text.ts'
import { countsText, lossTexts, moveSummaries, moveTexts } from './plan-counts.ts'
import {
  type PrintedAction,
  type PrintedCost,
  type PrintedPlan,
  placeText,
  reasonBesides,
  resourceText,
  verbText,
} from './printed-plan.ts'
import { SIGN_WIDTH, signOf, styleOf } from './verb-looks.ts'
import { wrapped } from './wrapped.ts'

const LISTED_MAX = 6
export const INDENT: string = ' '.repeat(SIGN_WIDTH + 3)

export function planText(
  plan: Pick<PrintedPlan, 'actions' | 'kept'>,
  context: ChangeContext,
): string {
  const { actions, kept } = plan
  if (actions.length === 0) return `Nothing to change: ${counted(kept, 'resource')} as declared.\n`
  const { paint, columns } = context
  const lines = actionsLines(actions, context)
  const loss = lossTexts(actions)
  return `${[
    ...lines,
    '',
    ...wrapped(`Plan: ${countsText(plan)}.`, '', columns),
    ...loss.flatMap((text) => wrapped(text, '', columns)).map((line) => paint('red', line)),
    ...moveSummaries(actions).flatMap((text) =>
      wrapped(text, '', columns).map((line) => paint('yellow', line)),
    ),
  ].join('\n')}\n`
}

/** Without the count. */
export function actionsLines(
  actions: readonly PrintedAction[],
  context: ChangeContext,
): readonly string[] {
  return actions.flatMap((action, index) =>
    isToldByNext(action, actions[index + 1])
      ? headLines(action, context)
      : actionLines(action, context),
  )
}

/** Many that are held back for one reason: it stands beneath the last of them. */
function isToldByNext(action: PrintedAction, next: PrintedAction | undefined): boolean {
  const { verb, reason, changes, cost } = action
  if (verb !== 'blocked' || (cost?.records ?? 0) > 0 || changes.length > 0) return false
  return next?.verb === verb && next.reason === reason && next.blockedBy === action.blockedBy
}

/** One action, as history shows what was done, too. */
export function actionLines(action: PrintedAction, context: ChangeContext): readonly string[] {
  const { paint, columns } = context
  const { verb, cost, changes } = action
  const reason = reasonBesides(action)
  const isSelfEvident = verb === 'create' && action.wanted === undefined && changes.length === 0
  return [
    ...headLines(action, context),
    ...(reason === '' || isSelfEvident ? [] : wrapped(reason, INDENT, columns)),
    ...changes.flatMap((change) => changeLines(change, INDENT, context)),
    ...(cost === null || cost.records === 0 ? [] : costTexts(cost, verb)).flatMap((text) =>
      wrapped(text, INDENT, columns).map((line) => paint('red', line)),
    ),
    ...(cost === null ? [] : moveTexts(cost, verb)).flatMap((text) =>
      wrapped(text, INDENT, columns).map((line) => paint('yellow', line)),
    ),
  ]
}

function headLines(action: PrintedAction, { paint, columns }: ChangeContext): readonly string[] {
  const { verb, blockedBy, risk, cause, movedFrom, ownerBefore } = action
  const shownVerb = verbText(action)
  // What would stay as it is anyway needs no verb.
  const does = shownVerb === 'keep' ? '' : `${shownVerb} `
  const notes = [
    ...(movedFrom === undefined ? [] : [`was ${resourceText(movedFrom)}`]),
    ...(ownerBefore === undefined ? [] : [`from source ${ownerBefore}`]),
    ...(verb === 'blocked' ? [`held back [${blockedBy ?? 'NotApplied'}]`] : []),
    ...(verb !== 'blocked' && risk === 'disruptive' ? ['(disruptive)'] : []),
  ]
  const head = [
    `${signOf(verb).padStart(SIGN_WIDTH)} ${does}${resourceText(action)}`,
    ...notes,
  ].join('  ')
  const painted = paint(styleOf(verb), head)
  if (cause === null) return [painted]
  const place = placeText(cause)
  const fits = columns === undefined || head.length + 2 + place.length <= columns
  return fits
    ? [`${painted}  ${paint('dim', place)}`]
    : [painted, paint('dim', `${INDENT}${place}`)]
}

function costTexts(cost: PrintedCost, verb: string): readonly string[] {
  const { records, bytes, oldest, newest, consumers, readers } = cost
  const does = verb === 'blocked' ? 'would destroy' : 'destroys'
  const arrived = oldest === null || newest === null ? '' : `, arrived ${oldest} to ${newest}`
  const behind = consumers.map((one) => `${one.group} (${counted(one.behind, 'record')})`)
  return [
    `${does} ${counted(records, 'record')} (${byteText(bytes)})${arrived}`,
    ...(behind.length === 0 ? [] : [`not read yet by: ${listText(behind)}`]),
    ...(readers.length === 0 ? [] : [`read by: ${listText(readers.map(resourceText))}`]),
  ]
}

function listText(texts: readonly string[]): string {
  const shown = texts.slice(0, LISTED_MAX).join(', ')
  const more = texts.length - LISTED_MAX
  return more > 0 ? `${shown}, … ${more} more` : shown
}
