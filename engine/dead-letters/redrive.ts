/**
 * Puts dead letters back to the streams that they came from.
 *
 * A letter is open while it lies at or behind the position of the stream's redrive group. One read of the stream is one
 * write, all or nothing: the letters that go back are appended to their streams, those that stay are appended again to
 * the end of the same shard, and the position moves behind both. So every letter is open or was put back once, whenever
 * this ends and however, and what stays can be put back later.
 *
 * 1. A survey judges what is open now and finds, in each shard, the last letter that goes. It is all of a dry run.
 * 2. Each shard is moved up to that letter. What lies behind it is not touched: a redrive that puts nothing back writes
 *    nothing, and letters that stay are written again only where one behind them goes.
 */
import type { Query } from '../bloblang/mapping.ts'
import type { Engine } from '../engine.ts'
import { asHeadgateError, HeadgateError } from '../error.ts'
import { BatchEncoder, RecordCursor } from '../log/batch.ts'
import type { Append, WriteSet } from '../log/log.ts'
import type { StreamDirectory } from '../pipelines/pipeline.ts'
import { Turn } from '../pipelines/turn.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import {
  judgeLetter,
  type LetterRules,
  type LetterTarget,
  type Outcome,
  type Verdict,
} from './judge-letter.ts'
import { type LetterRow, LetterTally } from './letter-tally.ts'
import { type OpenRange, openRanges } from './open-letters.ts'
import { RedriveHold, type RedriveStream } from './redrive-hold.ts'

export interface RedriveRequest {
  readonly of: RedriveStream
  /** Only letters for which it is true. */
  readonly filter?: Query | undefined
  /** At most so many go back. */
  readonly limit?: number | undefined
  /** Shard by shard, the end that an earlier request left as its `rest`; where absent, all that is open now. */
  readonly until?: ReadonlyMap<number, number> | undefined
  /** A record that became a dead letter so often stays. */
  readonly attemptsMax?: number | undefined
  /** Says what would be, and writes nothing. */
  readonly dryRun?: boolean | undefined
  /** Whether who asks may write to the stream of the same namespace. */
  readonly mayWrite: (stream: string) => boolean
}

export interface RedriveEnvironment {
  readonly engine: Engine
  readonly streams: StreamDirectory
  readonly clock: Clock
  readonly random: Pick<Random, 'uuid'>
  /** For tests: what one read takes. */
  readonly readBytes?: number
}

export interface RedriveReport {
  readonly redriven: number
  /** Letters that were looked at and stay. */
  readonly stayed: number
  /** What is left open now, those that came meanwhile too. */
  readonly open: number
  readonly rows: readonly LetterRow[]
  /** The shards that the limit left unfinished, each with its end as of the start: what comes later is no part of it. */
  readonly rest: ReadonlyMap<number, number>
  /** Why it ended before its time; what was put back until then is counted. */
  readonly stopped: HeadgateError | undefined
}

export const REDRIVE_ATTEMPTS_MAX_DEFAULT = 5
/** One read, and so one write, of letters. */
export const REDRIVE_READ_BYTES: number = 1024 * 1024

interface Survey {
  /** Of each shard that has one, the last letter that goes. */
  readonly moves: readonly (OpenRange & { readonly last: number })[]
  /** Up to and with the last letters that go, and behind those. */
  readonly upTo: LetterTally
  readonly behind: LetterTally
  readonly rest: ReadonlyMap<number, number>
}

/** Throws GroupActive while another one is under way, and StreamSealed for a retained stream. */
export async function redrive(
  request: RedriveRequest,
  environment: RedriveEnvironment,
  signal: AbortSignal,
): Promise<RedriveReport> {
  const { of, dryRun } = request
  if (of.stream.sealed !== undefined && dryRun !== true) {
    const text = `the stream ${of.name} is retained: what stays could not be kept`
    throw new HeadgateError('StreamSealed', text, { hint: 'Declare it again first.' })
  }
  if (dryRun === true) return new Redrive(request, environment, signal).survey()
  await using hold = await RedriveHold.take(of, environment)
  return await new Redrive(request, environment, signal).run(hold)
}

class Redrive {
  readonly #request: RedriveRequest
  readonly #environment: RedriveEnvironment
  readonly #signal: AbortSignal
  readonly #rules: LetterRules
  readonly #targets = new Map<string, LetterTarget | undefined>()
  readonly #turn: Turn

  constructor(request: RedriveRequest, environment: RedriveEnvironment, signal: AbortSignal) {
    this.#request = request
    this.#environment = environment
    this.#signal = signal
    this.#turn = new Turn(environment.clock)
    this.#rules = {
      filter: request.filter,
      attemptsMax: request.attemptsMax ?? REDRIVE_ATTEMPTS_MAX_DEFAULT,
      target: (stream) => this.#target(stream),
    }
  }

  async survey(): Promise<RedriveReport> {
    const { upTo, behind, rest } = await this.#survey(await this.#ranges())
    upTo.merge(behind)
    return this.#report(upTo, rest, undefined)
  }

  async run(hold: RedriveHold): Promise<RedriveReport> {
    const { moves, behind, rest } = await this.#survey(await this.#ranges(), hold)
    const tally = new LetterTally()
    let stopped: HeadgateError | undefined
    try {
      let left = this.#limit
      for (const move of moves) left -= await this.#move(move, left, tally, hold)
    } catch (thrown) {
      stopped = asHeadgateError(thrown)
    }
    tally.merge(behind)
    return this.#report(tally, rest, stopped)
  }

  get #limit(): number {
    return this.#request.limit ?? Number.POSITIVE_INFINITY
  }

  async #ranges(): Promise<readonly OpenRange[]> {
    const { engine } = this.#environment
    // Sets are applied in order: after an empty one, commits of a former holder are seen or refused.
    await engine.log.write({ appends: [] })
    const { of, until } = this.#request
    const ranges = openRanges(of, engine)
    if (until === undefined) return ranges
    return ranges
      .map((range) => ({ ...range, end: Math.min(range.end, until.get(range.shard) ?? 0) }))
      .filter(({ from, end }) => from < end)
  }

  async #survey(ranges: readonly OpenRange[], hold?: RedriveHold): Promise<Survey> {
    const [upTo, behind] = [new LetterTally(), new LetterTally()]
    const moves: (OpenRange & { readonly last: number })[] = []
    const rest = new Map<number, number>()
    let left = this.#limit
    for (const range of ranges) {
      if (left === 0) {
        rest.set(range.shard, range.end)
        continue
      }
      let last: number | undefined
      const later = new LetterTally()
      await this.#read(range, range.end, hold, async (cursor) => {
        while (left > 0 && nextBefore(cursor, range.end)) {
          if (this.#turn.over()) await this.#pass(hold)
          const verdict = this.#judge(cursor, range.shard)
          later.add(verdict)
          if (verdict.outcome !== 'redriven') continue
          left--
          last = cursor.sequence
          upTo.merge(later)
          later.clear()
        }
        return left > 0
      })
      if (last !== undefined) moves.push({ ...range, last })
      behind.merge(later)
      if (left === 0 && last !== range.end - 1) rest.set(range.shard, range.end)
    }
    return { moves, upTo, behind, rest }
  }

  /** Answers how many went back. */
  async #move(
    { shard, from, last }: OpenRange & { readonly last: number },
    limit: number,
    tally: LetterTally,
    hold: RedriveHold,
  ): Promise<number> {
    let moved = 0
    let next = from
    await this.#read({ shard, from }, last + 1, hold, async (cursor) => {
      const atom = new Atom()
      const counted = new LetterTally()
      let went = 0
      while (nextBefore(cursor, last + 1)) {
        if (this.#turn.over()) await this.#pass(hold)
        const verdict = this.#judge(cursor, shard)
        const goes = verdict.outcome === 'redriven' && moved + went < limit
        if (verdict.outcome === 'redriven' && goes)
          atom.put(verdict.goes.target, verdict.goes.record)
        else atom.keep(cursor)
        if (verdict.outcome !== 'redriven' || goes) counted.add(verdict)
        if (goes) went++
        next = cursor.sequence + 1
      }
      const kept = { stream: this.#request.of.stream, shard }
      const { appends } = atom.finish(kept)
      await hold.keep()
      await this.#write({ appends, offsets: [hold.offset(shard, next)] })
      tally.merge(counted)
      moved += went
      return true
    })
    return moved
  }

  #judge(cursor: RecordCursor, shard: number): Verdict {
    const { name, stream } = this.#request.of
    const origin = { stream: name, incarnation: stream.incarnation, shard }
    return judgeLetter(cursor, origin, this.#rules)
  }

  /** Hands over one read after the other, until `end` or until it is told that this is enough. */
  async #read(
    { shard, from }: Pick<OpenRange, 'shard' | 'from'>,
    end: number,
    hold: RedriveHold | undefined,
    visit: (cursor: RecordCursor) => Promise<boolean>,
  ): Promise<void> {
    const { engine, readBytes = REDRIVE_READ_BYTES } = this.#environment
    const { name, incarnation } = this.#request.of.stream
    await using reader = engine.log.open({ stream: name, incarnation, shard, sequence: from })
    while (reader.position.sequence < end) {
      if (this.#signal.aborted) throw ended()
      await hold?.keep()
      const read = await reader.next(readBytes, 0, this.#signal)
      if (read === undefined) return
      // What a stream is may change while this runs; for one write it is looked up once.
      this.#targets.clear()
      if (!(await visit(new RecordCursor(read.bytes, read.from)))) return
    }
  }

  /** A filter may take long, for one letter and the next. */
  async #pass(hold: RedriveHold | undefined): Promise<void> {
    await this.#turn.pass()
    if (this.#signal.aborted) throw ended()
    await hold?.keep()
  }

  /** A namespace that takes so many bytes a second is given its time; any other refusal ends it. */
  async #write(set: WriteSet): Promise<void> {
    const { engine, clock } = this.#environment
    for (;;) {
      try {
        await engine.log.write(set)
        return
      } catch (thrown) {
        const error = asHeadgateError(thrown)
        if (error.code !== 'RateExceeded' && error.code !== 'BackPressure') throw error
        await clock.sleep(error.retryAfterMs ?? RETRY_MS, this.#signal)
      }
    }
  }

  #target(stream: string): LetterTarget | undefined {
    if (this.#targets.has(stream)) return this.#targets.get(stream)
    const { engine, streams } = this.#environment
    const found = streams.resolve(this.#request.of.namespace, stream)
    const target =
      found === undefined
        ? undefined
        : {
            ...found,
            sealed: engine.streams.describe([found.stream])[0]?.sealed !== undefined,
            mayWrite: this.#request.mayWrite(stream),
          }
    this.#targets.set(stream, target)
    return target
  }

  #report(
    tally: LetterTally,
    rest: ReadonlyMap<number, number>,
    stopped: HeadgateError | undefined,
  ): RedriveReport {
    const goes = (outcome: Outcome): boolean => outcome === 'redriven'
    const ranges = openRanges(this.#request.of, this.#environment.engine)
    return {
      redriven: tally.letters(goes),
      stayed: tally.letters((outcome) => !goes(outcome)),
      open: ranges.reduce((sum, { letters }) => sum + letters, 0),
      rows: tally.rows(),
      rest,
      stopped,
    }
  }
}

const RETRY_MS = 250

/** What one write is made of. */
class Atom {
  readonly #targets = new Map<string, { target: LetterTarget; encoder: BatchEncoder }>()
  readonly #kept = new BatchEncoder()

  put(target: LetterTarget, record: Parameters<BatchEncoder['append']>[0]): void {
    const key = `${target.incarnation} ${target.stream}`
    const entry = this.#targets.get(key) ?? { target, encoder: new BatchEncoder() }
    this.#targets.set(key, entry)
    entry.encoder.append(record)
  }

  keep(cursor: RecordCursor): void {
    this.#kept.append(cursor.record())
  }

  finish({ stream, shard }: Pick<RedriveStream, 'stream'> & { readonly shard: number }): WriteSet {
    const appends = [...this.#targets.values()].map(({ target, encoder }): Append => {
      return { stream: target.stream, incarnation: target.incarnation, batch: encoder.finish() }
    })
    if (this.#kept.count > 0) {
      const { name, incarnation } = stream
      appends.push({ stream: name, incarnation, shard, batch: this.#kept.finish() })
    }
    return { appends }
  }
}

function ended(): HeadgateError {
  return new HeadgateError('NotConnected', 'the server stops, or who asked for it has gone')
}

/** The following record, where it lies below `end`. */
function nextBefore(cursor: RecordCursor, end: number): boolean {
  return cursor.next() && cursor.sequence < end
}
