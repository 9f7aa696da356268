/**
 * One look at a pipeline: an answer that ends with the look, a line for each record.
 *
 * The pipeline hands records in and goes on at once; lines are made of them in turns of our own. What comes too fast for
 * that, or for the client, is dropped, and the client is told how many were.
 */
import { setImmediate } from 'node:timers'
import type { FastifyReply } from 'fastify'
import type { PipelineTapEnd, PipelineTapListener } from '../../controllers/pipeline-taps.ts'
import type { TapRecord } from '../../engine/pipelines/tap.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import { droppedLine, endLine, recordLine, restartedLine } from './tap-line.ts'

/** Records of which no line is made yet. */
export const TAP_WAITING_RECORDS_MAX = 1_000
/** What the client has not read; while there is more, records are dropped. */
export const TAP_UNREAD_BYTES_MAX: number = 4 * 1024 * 1024
/** Then others get their turn. */
const RECORDS_PER_TURN = 256
const CHARACTERS_PER_TURN: number = 1024 * 1024

export class TapAnswer implements PipelineTapListener {
  readonly #reply: FastifyReply
  readonly #clock: Pick<Clock, 'wallUs'>
  readonly #gone = Promise.withResolvers<void>()
  #waiting: (TapRecord | 'restarted')[] = []
  /** Since the client was told last. */
  #dropped = 0
  #droppedInAll = 0
  #shown = 0
  #end: PipelineTapEnd | undefined
  #isTurnAsked = false

  constructor(reply: FastifyReply, clock: Pick<Clock, 'wallUs'>) {
    this.#reply = reply
    this.#clock = clock
  }

  /** The answer begins, and is a success; resolves once the client has all of it, or went away. */
  begin(): Promise<void> {
    const { raw } = this.#reply
    this.#reply.hijack()
    raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-cache' })
    raw.flushHeaders()
    raw.once('close', () => this.#gone.resolve())
    raw.on('error', () => this.#gone.resolve())
    return this.#gone.promise
  }

  seen(record: TapRecord): void {
    const isFull = this.#waiting.length >= TAP_WAITING_RECORDS_MAX
    if (isFull || this.#isUnread()) {
      this.#drop()
      return
    }
    this.#waiting.push(record)
    this.#askTurn()
  }

  restarted(): void {
    this.#waiting.push('restarted')
    this.#askTurn()
  }

  ended(end: PipelineTapEnd): void {
    this.#end ??= end
    this.#askTurn()
  }

  #askTurn(): void {
    if (this.#isTurnAsked) return
    this.#isTurnAsked = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isTurnAsked = false
    const { raw } = this.#reply
    if (raw.destroyed) return
    let [text, records] = ['', 0]
    while (records < RECORDS_PER_TURN && text.length < CHARACTERS_PER_TURN) {
      const one = this.#waiting.shift()
      if (one === undefined) break
      records += 1
      // The client fell behind since the record came.
      if (one !== 'restarted' && this.#isUnread()) this.#drop()
      else text += this.#linesOf(one)
    }
    if (text !== '') raw.write(text)
    if (this.#waiting.length > 0) this.#askTurn()
    else if (this.#end !== undefined) {
      raw.end(this.#droppedLine() + endLine(this.#end, this.#shown, this.#droppedInAll))
    }
  }

  #linesOf(one: TapRecord | 'restarted'): string {
    if (one === 'restarted') return restartedLine(this.#clock.wallUs())
    this.#shown += 1
    return this.#droppedLine() + recordLine(one)
  }

  #droppedLine(): string {
    if (this.#dropped === 0) return ''
    const line = droppedLine(this.#dropped)
    this.#dropped = 0
    return line
  }

  #drop(): void {
    this.#dropped += 1
    this.#droppedInAll += 1
  }

  #isUnread(): boolean {
    return this.#reply.raw.writableLength > TAP_UNREAD_BYTES_MAX
  }
}
