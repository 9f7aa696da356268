/**
 * What recovery found damaged in files that were durable: where, and which sequences went with it as far as what was
 * found around the damage tells. It reports; nothing here repairs.
 */
import { HeadgateError } from '../error.ts'
import type { LogView } from './log-view.ts'
import type { Snapshot } from './snapshot.ts'

/** What a person can read; the rest is counted. */
const LISTED_MAX = 20

interface DamagedRange {
  readonly path: string
  readonly from: number
  /** One above the last byte. */
  to: number
  readonly missing: boolean
}

interface LostRange {
  readonly stream: string
  readonly shard: number
  readonly from: number
  readonly to: number
}

export class Damage {
  readonly #ranges: DamagedRange[] = []
  readonly #lost: LostRange[] = []
  /** Where each shard stood before the damage, until something behind the damage was seen of it. */
  readonly #nexts = new Map<string, number>()
  readonly #reached = new Set<string>()

  /** Bytes `from` up to `to` of a file count no more; what was applied to the view lies before them. */
  add<Place>(view: LogView<Place>, path: string, from: number, to: number, missing = false): void {
    const last = this.#ranges.at(-1)
    if (last?.path === path && last.to === from) last.to = to
    else this.#ranges.push({ path, from, to, missing })
    this.#reached.clear()
    for (const { incarnation, shards } of view.streams.values()) {
      for (const [shard, { index }] of shards.entries()) {
        this.#nexts.set(keyOf(incarnation, shard), index.next)
      }
    }
  }

  /** A batch behind the damage begins at `sequence`: what is missing before it is lost. */
  reached(stream: string, incarnation: number, shard: number, sequence: number): void {
    if (this.#ranges.length === 0) return
    const key = keyOf(incarnation, shard)
    if (this.#reached.has(key)) return
    this.#reached.add(key)
    // What is not known from before the damage began within it.
    const from = this.#nexts.get(key) ?? 1
    if (sequence > from) this.#lost.push({ stream, shard, from, to: sequence - 1 })
  }

  /** A snapshot says where every shard stood. */
  reachedSnapshot({ changes, shards }: Snapshot): void {
    if (this.#ranges.length === 0) return
    const names = new Map<number, string>()
    for (const change of changes) {
      if (change.kind === 'stream') names.set(change.incarnation, change.record.name)
    }
    for (const { incarnation, shard, next } of shards) {
      this.reached(names.get(incarnation) ?? '', incarnation, shard, next)
    }
  }

  /** Undefined where all is sound. */
  problem(): HeadgateError | undefined {
    if (this.#ranges.length === 0) return undefined
    const lost = this.#lost.map(
      ({ stream, shard, from, to }) => `${stream} shard ${shard} sequences ${from} to ${to}`,
    )
    const ranges = listOf(this.#ranges.map(rangeText))
    const records = lost.length === 0 ? '' : `; lost: ${listOf(lost)}`
    return new HeadgateError(
      'LogCorrupt',
      `LogCorrupt: what was durable is damaged: ${ranges}${records}`,
      {
        hint: 'Nothing was changed, and what is sound can be read. Restore the data directory from a copy.',
      },
    )
  }
}

function keyOf(incarnation: number, shard: number): string {
  return `${incarnation}/${shard}`
}

function rangeText({ path, from, to, missing }: DamagedRange): string {
  return missing ? `${path} is missing` : `${path} from byte ${from} to ${to}`
}

function listOf(texts: readonly string[]): string {
  const more = texts.length - LISTED_MAX
  const listed = texts.slice(0, LISTED_MAX).join(', ')
  return more > 0 ? `${listed} and ${more} more` : listed
}
