/** How much a plan does, in one line; and what it costs, in another. */
import { byteText } from '../crds/size.ts'
import { counted } from './amounts.ts'
import { losesData, type PrintedAction, type PrintedPlan, verbText } from './printed-plan.ts'

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

/** `Destroys 1,200 records (3.4MiB) of Stream orders.` Undefined where nothing is lost. */
export function lossText(actions: readonly PrintedAction[]): string | undefined {
  const losing = actions.filter(losesData)
  if (losing.length === 0) return undefined
  const records = losing.reduce((sum, { cost }) => sum + (cost?.records ?? 0), 0)
  const bytes = losing.reduce((sum, { cost }) => sum + (cost?.bytes ?? 0), 0)
  const [first] = losing
  const where =
    losing.length === 1 && first !== undefined
      ? `Stream ${first.name}`
      : counted(losing.length, 'stream')
  return `Destroys ${counted(records, 'record')} (${byteText(bytes)}) of ${where}.`
}
