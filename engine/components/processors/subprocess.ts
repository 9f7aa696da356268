/**
 * Keeps a command running and hands it each message: one answer for one message, in turn.
 *
 * A command that ends, or answers what cannot be understood, fails the message that it was asked about and is started
 * again for the next.
 */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineProcessor,
  type Processor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { eachMessage } from '../each-message.ts'
import { Child } from '../processes/child.ts'
import { argsField, CHILD_TEXT, commandNeeds, nameField } from '../processes/command-fields.ts'
import { FRAME_CODECS, type FrameCodec, frameReader, framesOf } from '../processes/frames.ts'
import { logErrors } from '../processes/log-errors.ts'
import { LINE_BYTES_MAX_DEFAULT, LineScanner } from '../scanners/lines.ts'

interface Config {
  readonly name: string
  readonly args: readonly string[]
  readonly max_buffer: number
  readonly codec_send: FrameCodec
  readonly codec_recv: FrameCodec
}

const codecField = (description: string) =>
  Type.Unsafe<FrameCodec>({ type: 'string', enum: FRAME_CODECS, default: 'lines', description })

export const subprocess: ProcessorDefinition = defineProcessor({
  name: 'subprocess',
  status: 'stable',
  effects: 'exec',
  alone: true,
  summary: 'Keeps a command running, and replaces each message with what the command answers.',
  description: `The command has to write one answer for each message, and at once: one that gathers its output is waited for in vain.
A line on its standard error instead of an answer fails the message, and is the reason. With \`lines\`, each line of a
message is asked about by itself, and the answers are joined again. A command that ends is started again with the next
message. ${CHILD_TEXT}`,
  config: Type.Object({
    name: nameField,
    args: argsField,
    max_buffer: Type.Integer({
      default: LINE_BYTES_MAX_DEFAULT,
      minimum: 1,
      description: 'A longer answer, in bytes, fails the message.',
    }),
    codec_send: codecField('How messages are told apart on the way to the command.'),
    codec_recv: codecField('How its answers are told apart.'),
  }),
  needs: commandNeeds,
  examples: [
    {
      title: 'Each line through sed',
      config: { name: 'sed', args: ['-u', 's/old/new/'] },
      given: ['"old one"', '"two"'],
      then: ['new one', 'two'],
    },
  ],
  build: (config, context) => {
    const conversation = new Conversation(config, context)
    const each = eachMessage(context, async (message, _index, _batch, signal) =>
      message.withContent(await conversation.ask(message.content(), signal)),
    )
    return { process: each.process, close: () => conversation.close() } satisfies Processor
  },
})

/** One question at a time, whoever asks. */
class Conversation {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #log: (chunk: Uint8Array) => void
  #child: Child | undefined
  #waiting: PromiseWithResolvers<Uint8Array> | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(config: Config, context: BuildContext) {
    this.#config = config
    this.#context = context
    this.#log = logErrors(config.name, context.environment)
  }

  ask(content: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const answer = this.#turn.then(() => this.#ask(content, signal))
    this.#turn = answer.catch(() => {})
    return answer
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#child?.stop(0)
  }

  async #ask(content: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    const answers: Uint8Array[] = []
    const abort = (): void => this.#fail(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      for (const frame of framesOf(this.#config.codec_send, content)) {
        answers.push(await this.#exchange(frame))
      }
    } finally {
      signal.removeEventListener('abort', abort)
    }
    const [first] = answers
    return answers.length === 1 && first !== undefined ? first : joined(answers)
  }

  async #exchange(frame: Uint8Array): Promise<Uint8Array> {
    const child = await this.#running()
    const waiting = Promise.withResolvers<Uint8Array>()
    this.#waiting = waiting
    child.stdin?.write(frame)
    try {
      return await waiting.promise
    } finally {
      this.#waiting = undefined
    }
  }

  async #running(): Promise<Child> {
    if (this.#child !== undefined && !this.#child.over) return this.#child
    if (this.#closed) throw new Error('the pipeline is closed')
    const { name, args, max_buffer, codec_recv } = this.#config
    const reader = frameReader(codec_recv, max_buffer)
    const errors = new LineScanner({ custom_delimiter: '', max_buffer_size: max_buffer })
    const child = await Child.start({
      name,
      args,
      stdin: 'pipe',
      environment: this.#context.environment,
      code: 'InputFailed',
      errors: (chunk) => this.#complained(errors, chunk),
    })
    this.#child = child
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk)
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          // Nobody asked: it would be taken for the next answer.
          this.#waiting?.resolve(frame)
        }
      } catch (thrown) {
        this.#fail(thrown)
      }
    })
    void child.exited.then(({ how }) => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#waiting?.reject(new HeadgateError('InputFailed', `the command ${name} ${how}`))
    })
    return child
  }

  #complained(errors: LineScanner, chunk: Uint8Array): void {
    if (this.#waiting === undefined) {
      this.#log(chunk)
      return
    }
    try {
      errors.push(chunk)
      const line = errors.next()
      if (line !== undefined) this.#waiting.reject(new Error(Buffer.from(line).toString()))
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  /** What it answers from now on cannot be told apart from what it was asked before. */
  #fail(reason: unknown): void {
    const child = this.#child
    this.#child = undefined
    child?.kill('SIGKILL')
    this.#waiting?.reject(reason)
  }
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(lines.flatMap((line, at) => (at === 0 ? [line] : [Buffer.from('\n'), line])))
}
