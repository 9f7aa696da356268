/** Why a resource is as it is, in sentences. */
import type { Condition } from '../controllers/status/condition.ts'
import { type ChangeContext, changeLines } from './change-text.ts'
import { agoText } from './history-text.ts'
import { type PrintedChange, type PrintedPlace, placeText, resourceText } from './printed-plan.ts'
import { signOf, styleOf } from './verb-looks.ts'
import { wrapped } from './wrapped.ts'

/** As the native API answers it; see api/native/why.ts. */
export interface PrintedWhy {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly owner: string | null
  readonly origin: PrintedPlace | null
  readonly revision: number | null
  readonly lastChange: LastChangeJson | null
  readonly suspended: {
    readonly since: string
    readonly until?: string
    readonly reason?: string
  } | null
  readonly conditions: readonly Condition[]
}

interface LastChangeJson {
  readonly source: string
  readonly revision: number
  readonly at: string
  readonly cause: string
  readonly verb: string
  readonly reason: string
  readonly changes: readonly PrintedChange[]
}

const INDENT = '  '

/** What caused a revision, behind "because". */
const CAUSES: Readonly<Record<string, string>> = {
  change: 'the source said something new',
  apply: 'a set was applied',
  approval: 'a removal was approved',
  rollback: 'the source was rolled back',
  resume: 'the source was resumed',
  drift: 'somebody had changed it behind our back',
  start: 'the server started',
}

export function whyText(found: PrintedWhy, context: ChangeContext): string {
  const { columns, paint } = context
  const { lastChange, suspended, conditions } = found
  const lines = [
    ...wrapped(`${resourceText(found)} ${ownerText(found)}.`, '', columns),
    ...(lastChange === null ? [] : changeOf(lastChange, context)),
    ...(suspended === null ? [] : wrapped(suspensionText(suspended), '', columns)),
    ...conditions.flatMap(({ type, status, reason, message }) =>
      wrapped(`${type}=${status} (${reason}): ${message}`, '', columns).map((line) =>
        isWell(type, status) ? line : paint('red', line),
      ),
    ),
  ]
  return `${lines.join('\n')}\n`
}

function ownerText({ owner, origin, conditions }: PrintedWhy): string {
  const where = origin === null ? '' : `, written at ${placeText(origin)}`
  if (owner !== null) return `is owned by source ${owner}${where}`
  return conditions.length === 0 ? 'is gone' : `is owned by no source${where}`
}

function changeOf(
  { source, revision, at, cause, verb, reason, changes }: LastChangeJson,
  context: ChangeContext,
): readonly string[] {
  const { paint, columns } = context
  const because = CAUSES[cause] ?? cause
  const head = `Its last change was ${agoText(at)} ago (${at}), in revision ${revision} of ${source}, because ${because}:`
  return [
    ...wrapped(head, '', columns),
    ...wrapped(`${signOf(verb)} ${verb}: ${reason}`, INDENT, columns).map((line) =>
      paint(styleOf(verb), line),
    ),
    ...changes.flatMap((change) => changeLines(change, `${INDENT}  `, context)),
  ]
}

function suspensionText({ since, until, reason }: NonNullable<PrintedWhy['suspended']>): string {
  const why = reason === undefined ? '' : ` (${reason})`
  return `It is suspended since ${since}${until === undefined ? '' : `, until ${until}`}${why}: nothing of it is changed.`
}

/** These two are good when they are true; all others tell of trouble or of what is under way. */
function isWell(type: string, status: string): boolean {
  return (type === 'Ready' || type === 'Connected' || type === 'Completed') === (status === 'True')
}
