/** For tests of processors: runs them on batches of messages as a pipeline would, and tells what came out. */
import { ComponentBuilder } from '../pipelines/component-builder.ts'
import { Health } from '../pipelines/health.ts'
import { Message } from '../pipelines/message.ts'
import type { PipelineEnvironment } from '../pipelines/pipeline.ts'
import { readSpec } from '../pipelines/spec.ts'
import { testEnvironment } from '../pipelines/testing.ts'

export interface ProcessorRun {
  /** Each batch that came out: JSON as its value, other content as text. */
  readonly batches: readonly (readonly unknown[])[]
  /** Why each message of all batches failed, where it did. */
  readonly failures: readonly (string | undefined)[]
  readonly messages: readonly Message[]
  /** Of those that went in, in their order. */
  readonly given: readonly Message[]
}

export interface RunOptions {
  readonly environment?: PipelineEnvironment
  readonly resources?: object
  readonly signal?: AbortSignal
}

/** Text and bytes go in as they are, anything else as its JSON. */
export async function runProcessors(
  processors: readonly unknown[],
  given: readonly unknown[],
  options: RunOptions = {},
): Promise<ProcessorRun> {
  const run = await processorsOf(processors, options)
  return run(given)
}

/** The same processors for one batch after another. */
export async function processorsOf(
  processors: readonly unknown[],
  { environment = testEnvironment(), resources = {}, signal }: RunOptions = {},
): Promise<(given: readonly unknown[]) => Promise<ProcessorRun>> {
  const { signal: never } = new AbortController()
  const builder = new ComponentBuilder(environment, {
    health: new Health(environment.logger, environment.name),
    resources: readSpec(resources).resources,
    signal: signal ?? never,
  })
  const chain = await builder.chain(processors, ['pipeline', 'processors'])
  return async (given) => {
    const messages = given.map(messageOf)
    const batches = await chain.run(messages, signal ?? never)
    return {
      batches: batches.map((batch) => batch.map(contentOf)),
      failures: batches.flat().map((message) => message.failure()?.text),
      messages: batches.flat(),
      given: messages,
    }
  }
}

function messageOf(value: unknown): Message {
  if (value instanceof Message) return value
  if (value instanceof Uint8Array) return Message.fromBytes(value)
  return Message.fromBytes(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
}

function contentOf(message: Message): unknown {
  const text = Buffer.from(message.content()).toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
