/**
 * The messages of one readable stream: of standard input, a child or a connection.
 *
 * Nothing is read from the stream before somebody takes messages, so that whoever writes into it has to wait when the
 * pipeline does.
 */
import type { Message } from '../../pipelines/message.ts'
import { ScannedBatches } from './scanned-batches.ts'
import type { Scanner } from './scanner.ts'

/** What is read; a child's or a socket's stream is one. */
export type ScannedSource = NodeJS.ReadableStream & { readonly readableEnded?: boolean }

export class ScannedStream {
  readonly #source: ScannedSource
  readonly #scanner: Scanner
  readonly #batches: ScannedBatches
  readonly #changed: () => void
  #ended = false
  /** The scanner knows of the end, too. */
  #told = false
  /** The scanner has not digested the last chunk yet. */
  #digesting = false
  #failed: Error | undefined
  readonly #onEnd = (): void => {
    this.#ended = true
    this.#changed()
  }
  readonly #onError = (error: Error): void => {
    this.#failed = error
    this.#changed()
  }

  /** `changed` is called when it may be worth another `take`. */
  constructor(source: ScannedSource, scanner: Scanner, changed: () => void) {
    this.#source = source
    this.#scanner = scanner
    this.#batches = new ScannedBatches(scanner)
    this.#changed = changed
  }

  start(): void {
    if (this.#source.readableEnded === true) {
      this.#onEnd()
      return
    }
    this.#source.on('readable', this.#changed)
    this.#source.on('end', this.#onEnd)
    this.#source.on('error', this.#onError)
  }

  /** No more messages will come, and all were taken. */
  get over(): boolean {
    return this.#scanner.broken || (this.#told && !this.#digesting)
  }

  /** The messages at hand, or undefined until something changed. Throws what the stream or the scanner fails with. */
  take(): Message[] | undefined {
    while (!this.#digesting) {
      const messages = this.#batches.next()
      if (messages !== undefined || this.over) return messages
      if (this.#ended) {
        this.#told = true
        this.#digest(this.#scanner.end())
        continue
      }
      const chunk = this.#source.read()
      if (chunk === null) break
      this.#digest(this.#scanner.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
    }
    this.#throwFailure()
    return undefined
  }

  /** From now on the stream is another's; what of it is in no message, unless it ended. */
  stop(): Uint8Array {
    this.#source.off('readable', this.#changed)
    this.#source.off('end', this.#onEnd)
    this.#source.off('error', this.#onError)
    return this.#ended ? new Uint8Array() : this.#scanner.rest()
  }

  #digest(pushed: void | Promise<void>): void {
    if (!(pushed instanceof Promise)) return
    this.#digesting = true
    const digested = (): void => {
      this.#digesting = false
      this.#changed()
    }
    pushed.then(digested, (error: Error) => {
      this.#failed = error
      digested()
    })
  }

  #throwFailure(): void {
    const failed = this.#failed
    this.#failed = undefined
    if (failed !== undefined) throw failed
  }
}
