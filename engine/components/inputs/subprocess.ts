/**
 * Reads the standard output of a command.
 *
 * The command is not read faster than the pipeline goes, so it waits when its pipe is full. What it wrote before it ended
 * is delivered; it is not asked for anything twice.
 */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'
import { unlessAborted } from '../../pipelines/unless-aborted.ts'
import { Child } from '../processes/child.ts'
import { argsField, CHILD_TEXT, commandNeeds, nameField } from '../processes/command-fields.ts'
import { logErrors } from '../processes/log-errors.ts'
import { LINE_BYTES_MAX_DEFAULT } from '../scanners/lines.ts'
import { ScannedStream } from '../scanners/scanned-stream.ts'
import { openScanner } from '../scanners/scanner-field.ts'
import { SignalledWake } from '../signalled-wake.ts'

interface Config {
  readonly name: string
  readonly args: readonly string[]
  readonly restart_on_exit: boolean
  readonly max_buffer: number
}

export const subprocess: InputDefinition = defineInput({
  name: 'subprocess',
  status: 'stable',
  effects: 'exec',
  summary: 'Runs a command and reads the lines that it writes to its standard output.',
  description: `The input ends with the command. A command that fails is told, with the end of its standard error; with
\`restart_on_exit\` it is started again half a second later, however it ended. ${CHILD_TEXT}`,
  config: Type.Object({
    name: nameField,
    args: argsField,
    codec: Type.Unsafe<'lines'>({
      type: 'string',
      enum: ['lines'],
      default: 'lines',
      description: 'How messages are told apart.',
    }),
    restart_on_exit: Type.Boolean({
      default: false,
      description: 'Whether the command is started again when it ends.',
    }),
    max_buffer: Type.Integer({
      default: LINE_BYTES_MAX_DEFAULT,
      minimum: 1,
      description: 'A longer line, in bytes, is refused.',
    }),
  }),
  nack: 'replay',
  needs: commandNeeds,
  examples: [
    {
      title: 'The lines of a file as they come',
      config: { name: 'tail', args: ['-F', 'app.log'] },
    },
    { title: 'Run to its end', config: { name: 'echo', args: ['{"n":1}'] }, then: [{ n: 1 }] },
  ],
  build: (config, { environment }) => new SubprocessInput(config, environment),
})

class SubprocessInput implements Input {
  readonly #config: Config
  readonly #environment: PipelineEnvironment
  readonly #wake = new SignalledWake()
  #child: Child | undefined
  #stream: ScannedStream | undefined
  #ended = false

  constructor(config: Config, environment: PipelineEnvironment) {
    this.#config = config
    this.#environment = environment
  }

  async connect(): Promise<void> {
    const { name, args, max_buffer } = this.#config
    this.#child = await Child.start({
      name,
      args,
      stdin: 'ignore',
      environment: this.#environment,
      code: 'InputFailed',
      errors: logErrors(name, this.#environment),
    })
    const open = openScanner({ lines: { custom_delimiter: '', max_buffer_size: max_buffer } })
    const scanner = open({ name: '', metadata: undefined })
    this.#stream = new ScannedStream(this.#child.stdout, scanner, () => this.#wake.ring())
    this.#stream.start()
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#take() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#ended = true
    this.#wake.ring()
    await this.#child?.stop(0)
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      if (this.#ended) return undefined
      if (this.#stream?.over === true) return this.#end(signal)
      await this.#wake.wait(signal)
      const batch = this.#take()
      if (batch !== undefined) return batch
    }
  }

  #take(): InputBatch | undefined {
    const messages = this.#stream?.take()
    return messages === undefined ? undefined : { messages, apart: true }
  }

  /** Of its output; the command itself ends about then. */
  async #end(signal: AbortSignal): Promise<undefined> {
    const { name, restart_on_exit } = this.#config
    const end = await unlessAborted(this.#child?.exited ?? Promise.resolve(undefined), signal)
    const message = `the command ${name} ${end?.how}`
    if (restart_on_exit) throw new HeadgateError('NotConnected', message)
    this.#ended = true
    if (end?.failed === true) throw new HeadgateError('InputFailed', message)
  }
}
