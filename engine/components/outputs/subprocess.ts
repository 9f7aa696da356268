/**
 * Writes messages to the standard input of a command.
 *
 * A batch is delivered once the pipe to the command has it; a command that ends before that is started again and gets the
 * batch anew. When the pipeline stops, the command reads what is in the pipe and ends by itself, if it does so in time.
 */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import type { Batch } from '../../pipelines/message.ts'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'
import { unlessAborted } from '../../pipelines/unless-aborted.ts'
import { delimiterOf, framed, streamCodecFaults, streamCodecField } from '../codec.ts'
import { Child } from '../processes/child.ts'
import { argsField, CHILD_TEXT, commandNeeds, nameField } from '../processes/command-fields.ts'
import { logErrors } from '../processes/log-errors.ts'

/** What a command gets to read the rest and to end, once its standard input ended. */
export const SUBPROCESS_END_MS = 5_000

interface Config {
  readonly name: string
  readonly args: readonly string[]
  readonly codec: string
}

export const subprocess: OutputDefinition = defineOutput({
  name: 'subprocess',
  status: 'stable',
  effects: 'exec',
  summary: 'Runs a command and writes messages to its standard input.',
  description: `A batch is delivered once the pipe to the command has it. A command that ends is started again half a second later,
and gets what it did not take. ${CHILD_TEXT}`,
  config: Type.Object({ name: nameField, args: argsField, codec: streamCodecField }),
  delivery: 'sends',
  batching: true,
  alone: true,
  needs: commandNeeds,
  check: ({ codec }) => streamCodecFaults(codec),
  examples: [
    {
      title: 'Lines into a sorted file',
      config: { name: 'sort', args: ['-u', '-o', 'sorted.txt'] },
    },
  ],
  build: (config, { environment }) => new SubprocessOutput(config, environment),
})

class SubprocessOutput implements Output {
  readonly #config: Config
  readonly #environment: PipelineEnvironment
  readonly #delimiter: Buffer
  #child: Child | undefined
  /** It was closed by force amid a write. */
  #stuck = false

  constructor(config: Config, environment: PipelineEnvironment) {
    this.#config = config
    this.#environment = environment
    this.#delimiter = delimiterOf(config.codec)
  }

  async connect(): Promise<void> {
    const { name, args } = this.#config
    await this.#child?.stop(0)
    this.#child = await Child.start({
      name,
      args,
      stdin: 'pipe',
      environment: this.#environment,
      code: 'OutputFailed',
      errors: logErrors(name, this.#environment),
    })
  }

  async write(batch: Batch, { signal }: Delivery): Promise<void> {
    const child = this.#child
    const stdin = child?.stdin
    if (child === undefined || child.over || stdin === undefined) throw await this.#lost(child)
    const bytes = framed(batch, this.#delimiter)
    const written = new Promise<boolean>((resolve) => {
      stdin.write(bytes, (error) => resolve(error === undefined || error === null))
    })
    if (!(await this.#unlessForced(written, signal))) throw await this.#lost(child)
  }

  async close(): Promise<void> {
    await this.#child?.stop(this.#stuck ? 0 : SUBPROCESS_END_MS)
  }

  /** A command that did not take a batch until now will not do so within its last seconds. */
  async #unlessForced(written: Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    try {
      return await unlessAborted(written, signal)
    } catch (thrown) {
      this.#stuck = true
      throw thrown
    }
  }

  /** Its input is closed: either it ended, or it will not read on. */
  async #lost(child: Child | undefined): Promise<HeadgateError> {
    await child?.stop(0)
    const end = await child?.exited
    const how = end?.how ?? 'does not run'
    return new HeadgateError('NotConnected', `the command ${this.#config.name} ${how}`)
  }
}
