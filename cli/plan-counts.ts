/** How much a plan does, in one line; and what it costs, in another. */
import { byteText } from '../crds/size.ts'
import { counted } from './amounts.ts'
import {
  type PrintedAction,
  type PrintedAmount,
  type PrintedCost,
  type PrintedPlan,
  resourceText,
  verbText,
} from './printed-plan.ts'

/** `2 to create, 1 to replace, 1 held back, 40 as declared` */
export function countsText({ actions, kept }: Pick<PrintedPlan, 'actions' | 'kept'>): string {
  const counts = new Map<string, number>()
  for (const action of actions) {
    const what = action.verb === 'blocked' ? 'held back' : `to ${verbText(action)}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const parts = [...counts].map(([what, count]) => `${count} ${what}`)
  return [...parts, `${kept} as declared`].join(', ')
}

/** `Destroys 1,200 records (3.4 MiB) of Stream orders.`, and what an approval would; none where nothing is lost. */
export function lossTexts(actions: readonly PrintedAction[]): readonly string[] {
  const losing = actions.filter(({ cost }) => cost !== null && cost.records > 0)
  const [held, now] = [true, false].map((isHeld) =>
    losing.filter(({ verb }) => (verb === 'blocked') === isHeld),
  )
  return [
    ...amountOf(now ?? []).map((amount) => `Destroys ${amount}.`),
    ...amountOf(held ?? []).map((amount) => `What is held back would destroy ${amount}.`),
  ]
}

function amountOf(losing: readonly PrintedAction[]): readonly string[] {
  const [first] = losing
  if (first === undefined) return []
  const records = losing.reduce((sum, { cost }) => sum + (cost?.records ?? 0), 0)
  const bytes = losing.reduce((sum, { cost }) => sum + (cost?.bytes ?? 0), 0)
  const where = losing.length === 1 ? resourceText(first) : counted(losing.length, 'stream')
  return [`${counted(records, 'record')} (${byteText(bytes)}) of ${where}`]
}

/** Of one action that moves where a Pipeline or Sink reads on. */
export function moveTexts({ readAgain, skipped }: PrintedCost, verb: string): readonly string[] {
  if (readAgain === undefined && skipped === undefined) return []
  const would = verb === 'blocked'
  const again = amountText(readAgain, would ? 'would read' : 'reads', ' again')
  const over = amountText(skipped, would ? 'would skip' : 'skips', '')
  const texts = [...again, ...over]
  return texts.length > 0 ? texts : ['reads no record again and skips none']
}

function amountText(
  amount: PrintedAmount | undefined,
  does: string,
  how: string,
): readonly string[] {
  if (amount === undefined || amount.records === 0) return []
  const { records, bytes, oldest } = amount
  const since = oldest === null ? '' : `, the oldest of ${oldest}`
  return [`${does} ${counted(records, 'record')} (${byteText(bytes)})${how}${since}`]
}

/** `Reads 1,200 records (3.4 MiB) again, in Pipeline clean.` What is held back does so later, if ever. */
export function moveSummaries(actions: readonly PrintedAction[]): readonly string[] {
  const moving = actions.filter(({ verb }) => verb !== 'blocked')
  return [
    ...summaryOf(moving, ({ readAgain }) => readAgain, 'Reads', ' again'),
    ...summaryOf(moving, ({ skipped }) => skipped, 'Skips', ''),
  ]
}

function summaryOf(
  actions: readonly PrintedAction[],
  amountOfCost: (cost: PrintedCost) => PrintedAmount | undefined,
  does: string,
  how: string,
): readonly string[] {
  const found = actions.flatMap((action) => {
    const amount = action.cost === null ? undefined : amountOfCost(action.cost)
    return amount === undefined || amount.records === 0 ? [] : [{ action, amount }]
  })
  const [first] = found
  if (first === undefined) return []
  const records = found.reduce((sum, { amount }) => sum + amount.records, 0)
  const bytes = found.reduce((sum, { amount }) => sum + amount.bytes, 0)
  const where =
    found.length === 1 ? resourceText(first.action) : `${found.length} pipelines and sinks`
  return [`${does} ${counted(records, 'record')} (${byteText(bytes)})${how}, in ${where}.`]
}
