/** Decides what becomes of one dead letter when letters are put back. It changes nothing. */
import type { Query } from '../bloblang/mapping.ts'
import { asHeadgateError } from '../error.ts'
import type { RecordCursor } from '../log/batch.ts'
import type { RecordInput } from '../log/record.ts'
import type { StreamTarget } from '../pipelines/pipeline.ts'
import { messageOfRecord, type RecordOrigin } from '../pipelines/record-message.ts'
import { type LetterNote, readNote, restoredHeaders } from './letter-headers.ts'

/**
 * `redriven` goes back; every other one stays open: the filter left it out or failed on it, it became a dead letter too
 * often, or it cannot go back to where it came from.
 */
export type Outcome =
  | 'redriven'
  | 'leftOut'
  | 'filterFailed'
  | 'overAttempts'
  | 'noPlace'
  | 'streamGone'
  | 'streamSealed'
  | 'refused'
  | 'forbidden'

/** A stream that letters may go back to, as it is now. */
export interface LetterTarget extends StreamTarget {
  readonly sealed: boolean
  readonly mayWrite: boolean
}

export interface LetterRules {
  /** Sees the data as `this`, and the headers as metadata. */
  readonly filter: Query | undefined
  readonly attemptsMax: number
  readonly target: (stream: string) => LetterTarget | undefined
}

export type Verdict =
  | { readonly outcome: 'redriven'; readonly note: LetterNote; readonly goes: GoingLetter }
  | {
      readonly outcome: Exclude<Outcome, 'redriven'>
      readonly note: LetterNote
      /** What else there is to say: how a filter failed, what a type refused. */
      readonly detail?: string
    }

export interface GoingLetter {
  readonly target: LetterTarget
  readonly record: RecordInput
}

/** What a record says of itself that is no dead letter. */
const NO_LETTER: LetterNote = {
  reason: '',
  component: '',
  place: undefined,
  time: '',
  attempt: 0,
}

/** Of the letter that the cursor stands at. */
export function judgeLetter(
  cursor: RecordCursor,
  origin: RecordOrigin,
  rules: LetterRules,
): Verdict {
  const { headers, data } = cursor
  const note = readNote(headers) ?? NO_LETTER
  const left = leftByFilter(cursor, origin, note, rules.filter)
  if (left !== undefined) return left
  if (note.place === undefined) return { outcome: 'noPlace', note }
  if (note.attempt >= rules.attemptsMax) return { outcome: 'overAttempts', note }
  const target = rules.target(note.place.stream)
  if (target === undefined) return { outcome: 'streamGone', note }
  if (!target.mayWrite) return { outcome: 'forbidden', note }
  if (target.sealed) return { outcome: 'streamSealed', note }
  const { key, clientInfo } = cursor
  const misfit = target.check?.(data)
  if (misfit !== undefined) return { outcome: 'refused', note, detail: misfit }
  if (target.needsKey === true && key === undefined) {
    return {
      outcome: 'refused',
      note,
      detail: 'the stream is compacted, and the record has no key',
    }
  }
  try {
    const record = { key, clientInfo, data, headers: restoredHeaders(headers) }
    return { outcome: 'redriven', note, goes: { target, record } }
  } catch (thrown) {
    return { outcome: 'refused', note, detail: asHeadgateError(thrown).message }
  }
}

function leftByFilter(
  cursor: RecordCursor,
  origin: RecordOrigin,
  note: LetterNote,
  filter: Query | undefined,
): Verdict | undefined {
  if (filter === undefined) return undefined
  try {
    return filter.test([messageOfRecord(cursor, origin)], 0)
      ? undefined
      : { outcome: 'leftOut', note }
  } catch (thrown) {
    return { outcome: 'filterFailed', note, detail: asHeadgateError(thrown).message }
  }
}
