/**
 * What was found damaged that had been durable: where, and which sequences went with it as far as what is around the
 * damage tells. It reports; nothing here repairs.
 */
import { HeadgateError } from '../error.ts'

/** What a person can read; the rest is counted. */
const LISTED_MAX = 20

export interface DamagedPlace {
  readonly path: string
  readonly from: number
  /** One above the last byte. */
  readonly to: number
  readonly missing: boolean
}

export interface LostRecords {
  readonly stream: string
  readonly shard: number
  readonly from: number
  /** The last one. */
  readonly to: number
}

export class Damage {
  readonly #places: DamagedPlace[] = []
  readonly #lost: LostRecords[] = []
  readonly #notes: string[] = []

  get isNone(): boolean {
    return this.#places.length === 0 && this.#notes.length === 0
  }

  get places(): readonly DamagedPlace[] {
    return this.#places
  }

  get lost(): readonly LostRecords[] {
    return this.#lost
  }

  get notes(): readonly string[] {
    return this.#notes
  }

  /** Bytes `from` up to `to` of a file count no more. */
  add(path: string, from: number, to: number, missing = false): void {
    const last = this.#places.at(-1)
    if (last?.path === path && last.to === from) {
      this.#places[this.#places.length - 1] = { ...last, to }
    } else {
      this.#places.push({ path, from, to, missing })
    }
  }

  lose(lost: LostRecords): void {
    this.#lost.push(lost)
  }

  /** What neither a place nor a range of sequences can say. */
  note(text: string): void {
    if (!this.#notes.includes(text)) this.#notes.push(text)
  }

  /** Undefined where all is sound. */
  problem(): HeadgateError | undefined {
    if (this.isNone) return undefined
    const lost = this.#lost.map(
      ({ stream, shard, from, to }) => `${stream} shard ${shard} sequences ${from} to ${to}`,
    )
    const found = listOf([...this.#places.map(placeText), ...this.#notes])
    const records = lost.length === 0 ? '' : `; lost: ${listOf(lost)}`
    return new HeadgateError(
      'LogCorrupt',
      `LogCorrupt: what was durable is damaged: ${found}${records}`,
      {
        hint: 'Nothing was changed, and what is sound can be read. Restore the data directory from a copy, or stop and see what `headgate repair` would give up.',
      },
    )
  }
}

function placeText({ path, from, to, missing }: DamagedPlace): string {
  return missing ? `${path} is missing` : `${path} from byte ${from} to ${to}`
}

function listOf(texts: readonly string[]): string {
  const more = texts.length - LISTED_MAX
  const listed = texts.slice(0, LISTED_MAX).join(', ')
  return more > 0 ? `${listed} and ${more} more` : listed
}
