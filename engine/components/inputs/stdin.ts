/**
 * Reads lines from the standard input of the process.
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
import { Message } from '../../pipelines/message.ts'
import { LineScanner, type LinesOptions, linesOptions, scannerField } from '../scanners/lines.ts'

export const stdin: InputDefinition = defineInput({
  name: 'stdin',
  status: 'stable',
  effects: 'read',
  summary: 'Reads lines from standard input.',
  config: Type.Object({ scanner: scannerField }),
  nack: 'replay',
  exclusive: () => ['stdin'],
  examples: [{ title: 'Lines', config: {} }],
  build: ({ scanner }, { environment }) => new StdinInput(environment.stdin, linesOptions(scanner)),
})

class StdinInput implements Input {
  readonly #source: NodeJS.ReadableStream & { readonly readableEnded?: boolean }
  readonly #scanner: LineScanner
  #ended = false
  #failed: Error | undefined
  #wake: (() => void) | undefined
  readonly #onReadable = () => this.#wake?.()
  readonly #onEnd = () => {
    this.#ended = true
    this.#scanner.end()
    this.#wake?.()
  }
  readonly #onError = (error: Error) => {
    this.#failed = error
    this.#wake?.()
  }

  constructor(source: NodeJS.ReadableStream, options: LinesOptions) {
    this.#source = source
    this.#scanner = new LineScanner(options)
  }

  async connect(): Promise<void> {
    if (this.#source.readableEnded === true) return this.#onEnd()
    this.#source.on('readable', this.#onReadable)
    this.#source.on('end', this.#onEnd)
    this.#source.on('error', this.#onError)
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    const line = this.#line()
    if (line !== undefined) return { messages: [Message.fromBytes(line)] }
    return this.#ended ? undefined : this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#source.off('readable', this.#onReadable)
    this.#source.off('end', this.#onEnd)
    this.#source.off('error', this.#onError)
    const rest = this.#scanner.rest()
    if (rest.length > 0 && !this.#ended) this.#source.unshift(Buffer.from(rest))
  }

  #line(): Uint8Array | undefined {
    for (;;) {
      const line = this.#scanner.next()
      if (line !== undefined || this.#ended) return line
      const chunk = this.#source.read()
      if (chunk === null) return undefined
      this.#scanner.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    }
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
      const line = this.#line()
      if (line !== undefined) return { messages: [Message.fromBytes(line)] }
      if (this.#ended) return undefined
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
