/** A plan as the native API answers it and as `plan -o json` prints it; see api/native/plan-answer.ts. */

export interface PrintedPlan {
  readonly source: string
  readonly digest: string
  readonly destructiveDigest: string | null
  readonly actions: readonly PrintedAction[]
  readonly kept: number
}

export interface PrintedAction {
  readonly verb: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly risk: string
  readonly reason: string
  readonly blockedBy?: string
  /** For `blocked`: what it would have been. */
  readonly wanted?: string
  /** The Stream that this one was, whose data, offsets and readers it keeps. */
  readonly movedFrom?: PrintedIdentity
  /** For `adopt`, `transfer` and `release`: the source that owned it. */
  readonly ownerBefore?: string
  readonly cause: PrintedPlace | null
  readonly changes: readonly PrintedChange[]
  readonly cost: PrintedCost | null
}

export interface PrintedIdentity {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export interface PrintedPlace {
  readonly file: string
  readonly line: number
  readonly column?: number
}

export interface PrintedChange {
  readonly path: string
  readonly from: unknown
  readonly to: unknown
}

/** What a loss of data takes, as far as the engine knows it. */
export interface PrintedCost {
  readonly records: number
  readonly bytes: number
  /** When they arrived, in RFC 3339; null when there are none. */
  readonly oldest: string | null
  readonly newest: string | null
  /** Groups that have not read all of it, and how many records each has still to read. */
  readonly consumers: readonly { readonly group: string; readonly behind: number }[]
  /** Pipelines and Sinks that read the stream. */
  readonly readers: readonly PrintedIdentity[]
  /** For a reset of a Pipeline or Sink: nothing goes. */
  readonly readAgain?: PrintedAmount
  readonly skipped?: PrintedAmount
}

export interface PrintedAmount {
  readonly records: number
  readonly bytes: number
  /** When the first of them arrived, in RFC 3339; null where that is not known. */
  readonly oldest: string | null
}

const REMOVALS: ReadonlySet<string | undefined> = new Set(['delete', 'retain'])

/** Something goes, or data does: what a person is asked about first. */
export function isDestructive({ verb, risk }: PrintedAction): boolean {
  return REMOVALS.has(verb) || (verb !== 'blocked' && risk === 'data-loss')
}

/** `shop.yaml:3:1`, as editors and terminals open it. */
export function placeText({ file, line, column }: PrintedPlace): string {
  return `${file}:${line}${column === undefined ? '' : `:${column}`}`
}

/** The default namespace goes without saying. */
export function resourceText({ kind, namespace, name }: PrintedIdentity): string {
  return namespace === 'default' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}

/** Its reasons that the listed fields do not tell already: `spec.shards changed` beside `spec.shards: 2 → 3` is one too many. */
export function reasonBesides({ reason, changes }: PrintedAction): string {
  const told = new Set(changes.map(({ path }) => `${path} changed`))
  return reason
    .split('; ')
    .filter((part) => !told.has(part))
    .join('; ')
}

/** What a move does is a rename to people, whatever else it changes. */
export function verbText({ verb, wanted, movedFrom }: PrintedAction): string {
  const does = verb === 'blocked' ? (wanted ?? 'change') : verb
  return movedFrom !== undefined && does === 'update' ? 'rename' : does
}
