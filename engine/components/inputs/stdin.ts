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
import { autoReplayField, type Replaying, replaying } from '../auto-replay.ts'
import { openReader, readerFaults, readerFields } from '../scanners/reader-fields.ts'
import { ScannedStream } from '../scanners/scanned-stream.ts'
import type { OpenScanner } from '../scanners/scanner.ts'
import { SignalledWake } from '../signalled-wake.ts'

export const stdin: InputDefinition = defineInput({
  name: 'stdin',
  status: 'stable',
  effects: 'read',
  summary: 'Reads standard input: its lines, or what the scanner makes of it.',
  config: Type.Object({ ...readerFields, auto_replay_nacks: autoReplayField }),
  nack: 'replay',
  exclusive: () => ['stdin'],
  check: (config) => readerFaults(config),
  examples: [
    { title: 'Lines', config: {} },
    { title: 'JSON documents', config: { scanner: { json_documents: {} } } },
  ],
  build: (config, { environment }) =>
    new StdinInput(environment.stdin, openReader(config), replaying(config.auto_replay_nacks)),
})

class StdinInput implements Input {
  readonly #source: NodeJS.ReadableStream
  readonly #stream: ScannedStream
  readonly #replaying: Replaying
  readonly #wake = new SignalledWake()

  constructor(source: NodeJS.ReadableStream, open: OpenScanner, replays: Replaying) {
    this.#source = source
    this.#replaying = replays
    const scanner = open({ name: '', metadata: undefined })
    this.#stream = new ScannedStream(source, scanner, () => this.#wake.ring())
  }

  async connect(): Promise<void> {
    this.#stream.start()
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#take() ?? (this.#stream.over ? undefined : this.#wait(signal))
  }

  async close(): Promise<void> {
    const rest = this.#stream.stop()
    if (rest.length > 0) this.#source.unshift(Buffer.from(rest))
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      await this.#wake.wait(signal)
      const batch = this.#take()
      if (batch !== undefined) return batch
      if (this.#stream.over) return undefined
    }
  }

  #take(): InputBatch | undefined {
    try {
      const messages = this.#stream.take()
      return messages === undefined ? undefined : { messages, apart: true, ...this.#replaying }
    } catch (cause) {
      if (cause instanceof HeadgateError) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new HeadgateError('InputFailed', `cannot read standard input: ${reason}`, { cause })
    }
  }
}
