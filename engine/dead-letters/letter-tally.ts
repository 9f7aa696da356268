/** Counts letters by what became of them, where they came from and why they failed. Bounded: reasons follow the data. */
import type { Outcome, Verdict } from './judge-letter.ts'

export interface LetterRow {
  readonly outcome: Outcome
  /** Where they came from; empty where that is not known, or in the row of all others. */
  readonly stream: string
  readonly component: string
  /** Why they failed; where they stay for a reason of its own, that is before it. */
  readonly reason: string
  readonly letters: number
}

/** What would be a row beyond that counts in one row of its outcome. */
export const TALLY_ROWS_MAX = 1_000
const OTHERS = '(others)'

type Counted = { -readonly [Name in keyof LetterRow]: LetterRow[Name] }

export class LetterTally {
  readonly #rows = new Map<string, Counted>()
  readonly #rowsMax: number

  constructor(rowsMax: number = TALLY_ROWS_MAX) {
    this.#rowsMax = rowsMax
  }

  add({ outcome, note, ...rest }: Verdict): void {
    const { component, place } = note
    const stream = place?.stream ?? ''
    const reason = 'detail' in rest ? `${rest.detail} (${note.reason})` : note.reason
    this.#count({ outcome, stream, component, reason, letters: 1 })
  }

  /** Takes over what the other has counted. */
  merge(other: LetterTally): void {
    this.addRows(other.#rows.values())
  }

  addRows(rows: Iterable<LetterRow>): void {
    for (const row of rows) this.#count(row)
  }

  clear(): void {
    this.#rows.clear()
  }

  letters(has: (outcome: Outcome) => boolean): number {
    let sum = 0
    for (const { outcome, letters } of this.#rows.values()) if (has(outcome)) sum += letters
    return sum
  }

  /** Those that go first, and then the most frequent. */
  rows(): readonly LetterRow[] {
    const rank = ({ outcome }: LetterRow): number => (outcome === 'redriven' ? 0 : 1)
    return [...this.#rows.values()]
      .map((row) => ({ ...row }))
      .sort((one, other) => rank(one) - rank(other) || other.letters - one.letters)
  }

  #count(row: LetterRow): void {
    const key = JSON.stringify([row.outcome, row.stream, row.component, row.reason])
    const known = this.#rows.get(key)
    if (known !== undefined) {
      known.letters += row.letters
      return
    }
    if (this.#rows.size < this.#rowsMax) {
      this.#rows.set(key, { ...row })
      return
    }
    const { outcome, letters } = row
    const others = this.#rows.get(outcome)
    if (others !== undefined) others.letters += letters
    else this.#rows.set(outcome, { outcome, stream: '', component: '', reason: OTHERS, letters })
  }
}
