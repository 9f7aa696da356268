/**
 * Reads the standard input of the process.
 *
 * What was taken from it and not given as a message goes back when the input closes, so that the pipeline that replaces
 * this one goes on where it stopped.
 */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import type { Message } from '../../pipelines/message.ts'
import type { OpenScanner, Scanner } from '../scanners/scanner.ts'
import { openScanner, scannerFaults, scannerField } from '../scanners/scanner-field.ts'

export const stdin: InputDefinition = defineInput({
  name: 'stdin',
  status: 'stable',
  effects: 'read',
  summary: 'Reads standard input: its lines, or what the scanner makes of it.',
  config: Type.Object({ scanner: scannerField }),
  nack: 'replay',
  exclusive: () => ['stdin'],
  check: ({ scanner }) => scannerFaults(scanner, ['scanner']),
  examples: [
    { title: 'Lines', config: {} },
    { title: 'JSON documents', config: { scanner: { json_documents: {} } } },
  ],
  build: ({ scanner }, { environment }) => new StdinInput(environment.stdin, openScanner(scanner)),
})

class StdinInput implements Input {
  readonly #source: NodeJS.ReadableStream & { readonly readableEnded?: boolean }
  readonly #scanner: Scanner
  #ended = false
  /** The scanner knows of the end, too. */
  #told = false
  /** What the scanner has not digested yet. */
  #digesting: Promise<void> | undefined
  #failed: Error | undefined
  #wake: (() => void) | undefined
  readonly #onReadable = () => this.#wake?.()
  readonly #onEnd = () => {
    this.#ended = true
    this.#wake?.()
  }
  readonly #onError = (error: Error) => {
    this.#failed = error
    this.#wake?.()
  }

  constructor(source: NodeJS.ReadableStream, open: OpenScanner) {
    this.#source = source
    this.#scanner = open({ name: '', metadata: undefined })
  }

  async connect(): Promise<void> {
    if (this.#source.readableEnded === true) return this.#onEnd()
    this.#source.on('readable', this.#onReadable)
    this.#source.on('end', this.#onEnd)
    this.#source.on('error', this.#onError)
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    const message = this.#message()
    if (message !== undefined) return { messages: [message] }
    return this.#over() ? undefined : this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#source.off('readable', this.#onReadable)
    this.#source.off('end', this.#onEnd)
    this.#source.off('error', this.#onError)
    const rest = this.#scanner.rest()
    if (rest.length > 0 && !this.#ended) this.#source.unshift(Buffer.from(rest))
  }

  #message(): Message | undefined {
    while (this.#digesting === undefined) {
      const message = this.#scanner.next()
      if (message !== undefined || this.#over()) return message
      if (this.#ended) {
        this.#told = true
        this.#digest(this.#scanner.end())
        continue
      }
      const chunk = this.#source.read()
      if (chunk === null) return undefined
      this.#digest(this.#scanner.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
    }
    return undefined
  }

  #over(): boolean {
    return this.#scanner.broken || (this.#told && this.#digesting === undefined)
  }

  #digest(pushed: void | Promise<void>): void {
    if (!(pushed instanceof Promise)) return
    const digested = (): void => {
      this.#digesting = undefined
      this.#wake?.()
    }
    this.#digesting = pushed.then(digested, (error: Error) => {
      this.#failed = error
      digested()
    })
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      signal.throwIfAborted()
      const cause = this.#failed
      this.#failed = undefined
      if (cause !== undefined) {
        throw new HeadgateError('InputFailed', `cannot read standard input: ${cause.message}`, {
          cause,
        })
      }
      const message = this.#message()
      if (message !== undefined) return { messages: [message] }
      if (this.#over()) return undefined
      await this.#woken(signal)
    }
  }

  #woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        this.#wake = undefined
        resolve()
      }
      this.#wake = wake
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}
