/** Runs a command for each message: the content goes in, and what the command writes becomes the content. */
import { Type } from '../../../crds/typebox.ts'
import { FILTERED, UNCHANGED } from '../../bloblang/mapping.ts'
import { looksAtBatch } from '../../pipelines/alone.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineProcessor,
  type Processor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { interpolatedField, mappingField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { eachMessage } from '../each-message.ts'
import { withMetadataSet } from '../metadata-map.ts'
import { Child } from '../processes/child.ts'
import { commandNeeds } from '../processes/command-fields.ts'

/** What a command may write for one message; one that writes more is ended. */
export const COMMAND_OUTPUT_BYTES_MAX: number = 64 * 1024 * 1024
/** What is kept of its standard error. */
export const COMMAND_ERRORS_BYTES_MAX: number = 64 * 1024

interface Config {
  readonly name: string
  readonly args_mapping: string
}

export const command: ProcessorDefinition = defineProcessor({
  name: 'command',
  status: 'stable',
  effects: 'exec',
  alone: (config) => !looksAtBatch(config),
  summary:
    'Runs a command for each message: the content goes in, and what it writes becomes the content.',
  description: `A command that fails flags its message, which stays as it was; the reason is what the command wrote to its standard
error. Of one that succeeds, that becomes the metadata \`command_stderr\`. A process a message is slow: \`subprocess\` keeps
one. The command runs in the folder of the pipeline, and gets the environment variables that any program needs (\`PATH\`,
\`HOME\`, \`LANG\` and the like) and those that its source may read (\`env\` of its grants); no others. It needs the grant
\`commands\`, and no shell looks at its arguments. At most ${COMMAND_OUTPUT_BYTES_MAX} bytes of what it writes are taken.`,
  config: Type.Object({
    name: interpolatedField({ description: 'The command.', examples: ['jq', '${! @command }'] }),
    args_mapping: mappingField({
      default: '',
      description: 'A mapping that gives the list of arguments; empty for none.',
      examples: ['[ "-c", this.script ]'],
    }),
  }),
  needs: commandNeeds,
  examples: [
    {
      title: 'In capital letters',
      config: { name: 'tr', args_mapping: '["a-z", "A-Z"]' },
      given: [{ id: 'a' }],
      then: [{ ID: 'A' }],
    },
    {
      title: 'Arguments from the message',
      config: { name: 'printf', args_mapping: '["%s", this.text.format_json(no_indent: true)]' },
      given: [{ text: 'hello' }],
      then: ['hello'],
    },
  ],
  build: (config, context) => processor(config, context),
})

function processor({ name, args_mapping }: Config, context: BuildContext): Processor {
  const command = context.interpolation(name)
  const mapping = args_mapping.trim() === '' ? undefined : context.mapping(args_mapping)
  const running = new Set<Child>()
  const each = eachMessage(context, async (message, index, batch, signal) => {
    const args = mapping === undefined ? [] : argsOf(mapping.map(batch, index).root)
    const named = command.text(batch as Batch, index)
    const run = { name: named, args, context, running }
    return answered(message, await answerOf(message.content(), run, signal))
  })
  return {
    process: each.process,
    close: async () => {
      for (const child of running) child.kill('SIGKILL')
    },
  }
}

function argsOf(root: unknown): readonly string[] {
  const list = root === UNCHANGED || root === FILTERED ? undefined : root
  if (!Array.isArray(list)) throw new Error('expected args_mapping to give a list')
  return list.map((argument: unknown) => {
    if (typeof argument === 'string') return argument
    if (argument instanceof Uint8Array) return Buffer.from(argument).toString()
    if (typeof argument === 'number' || typeof argument === 'boolean') return String(argument)
    throw new Error('expected args_mapping to give a list of texts')
  })
}

interface Run {
  readonly name: string
  readonly args: readonly string[]
  readonly context: BuildContext
  readonly running: Set<Child>
}

interface Answer {
  readonly output: Buffer
  readonly errors: string
}

async function answerOf(content: Uint8Array, run: Run, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted()
  const { name, args, running } = run
  const { environment } = run.context
  let errors: Buffer = Buffer.alloc(0)
  const child = await Child.start({
    name,
    args,
    stdin: 'pipe',
    environment,
    code: 'InputFailed',
    errors: (chunk) => {
      if (errors.length < COMMAND_ERRORS_BYTES_MAX) errors = Buffer.concat([errors, chunk])
    },
  })
  const kill = (): void => child.kill('SIGKILL')
  signal.addEventListener('abort', kill, { once: true })
  running.add(child)
  try {
    child.stdin?.end(content)
    const output = await outputOf(child)
    const { failed, how } = await child.exited
    signal.throwIfAborted()
    const text = errors.subarray(0, COMMAND_ERRORS_BYTES_MAX).toString().trim()
    if (failed) throw new Error(text === '' ? `the command ${name} ${how}` : text)
    return { output, errors: text }
  } finally {
    signal.removeEventListener('abort', kill)
    running.delete(child)
  }
}

async function outputOf(child: Child): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > COMMAND_OUTPUT_BYTES_MAX) {
      child.kill('SIGKILL')
      throw new Error(`expected at most ${COMMAND_OUTPUT_BYTES_MAX} bytes of the command`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function answered(message: Message, { output, errors }: Answer): Message {
  const changed = message.withContent(output)
  return errors === '' ? changed : withMetadataSet(changed, [['command_stderr', errors]])
}
