/** For tests of workers: a chain as a pipeline has it on its own thread and in workers, and all that can be told of a message. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Worker } from 'node:worker_threads'
import type { MappingFailure } from '../../bloblang/mapping.ts'
import type { Value } from '../../bloblang/values/value.ts'
import type { Chain } from '../chain.ts'
import { ComponentBuilder } from '../component-builder.ts'
import { Health } from '../health.ts'
import type { Batch, Message } from '../message.ts'
import type { PipelineEnvironment } from '../pipeline.ts'
import { readSpec } from '../spec.ts'
import { testEnvironment } from '../testing.ts'
import { makeWorkers } from './make-workers.ts'
import type { WireBatches } from './wire-batch.ts'
import type { WorkerChain } from './worker-chain.ts'

export interface ChainUnderTest extends AsyncDisposable {
  readonly chain: Chain
  readonly health: Health
}

export interface WorkersUnderTest extends ChainUnderTest {
  readonly workers: WorkerChain
}

export interface ChainOptions {
  readonly threads?: number
  readonly environment?: PipelineEnvironment
  /** The lists of resources beside the pipeline. */
  readonly resources?: object
  readonly strict?: boolean
}

export async function chainOf(
  processors: readonly unknown[],
  { environment = testEnvironment(), resources = {}, strict = false }: ChainOptions = {},
): Promise<ChainUnderTest> {
  const health = new Health(environment.logger, environment.name)
  const builder = new ComponentBuilder(environment, {
    health,
    resources: readSpec(resources).resources,
    signal: new AbortController().signal,
    strict,
  })
  const chain = await builder.chain(processors, ['pipeline', 'processors'])
  return { chain, health, [Symbol.asyncDispose]: () => chain.close() }
}

/** Fails where the processors are not fit for workers. */
export async function workersOf(
  processors: readonly unknown[],
  options: ChainOptions = {},
): Promise<WorkersUnderTest> {
  const { environment = testEnvironment(), resources = {}, strict = false } = options
  const { chain, health } = await chainOf(processors, { ...options, environment })
  const { resources: read } = readSpec(resources)
  const { threads = 2 } = options
  const workers = await makeWorkers({
    ...{ threads, processors, resources: read, strict, chain, health, environment },
  })
  if (workers === undefined) throw new Error('the processors are not fit for workers')
  const dispose = async (): Promise<void> => {
    await workers.close()
    await chain.close()
  }
  return { workers, chain, health, [Symbol.asyncDispose]: dispose }
}

export interface WatchedThreads extends Disposable {
  /** How many were started since. */
  readonly started: number
  /** Those that were started since, the oldest first. */
  readonly workers: readonly Worker[]
}

/** `dieOf` is text of the contents that a thread dies of; a processor has to loop on it for ever. */
export function watchThreads(dieOf?: string): WatchedThreads {
  const workers: Worker[] = []
  const see = (message: unknown): void => {
    const { worker } = message as { readonly worker: Worker }
    workers.push(worker)
    if (dieOf !== undefined) makeMortal(worker, dieOf)
  }
  subscribe('worker_threads', see)
  return {
    workers,
    get started() {
      return workers.length
    },
    [Symbol.dispose]: () => unsubscribe('worker_threads', see),
  }
}

/** What its processor loops on takes time, and more than all that comes before it. */
const LOOPED_US = 100_000

function makeMortal(worker: Worker, dieOf: string): void {
  const started = new Promise((resolve) => worker.once('message', resolve))
  const post = worker.postMessage.bind(worker)
  const die = async (): Promise<void> => {
    await started
    const before = await worker.cpuUsage()
    for (;;) {
      const { user } = await worker.cpuUsage(before)
      if (user > LOOPED_US) break
    }
    await worker.terminate()
  }
  worker.postMessage = (asked: WireBatches, transfer) => {
    const isMortal = Buffer.from(asked.contents.bytes).includes(dieOf)
    post(asked, transfer)
    if (isMortal) void die()
  }
}

export interface Told {
  readonly content: string
  readonly metadata: readonly (readonly [string, Value | undefined])[]
  readonly unlisted: Value | undefined
  readonly failure: MappingFailure | undefined
  /** The place of the message that it derives from, -1 where it is none of them. */
  readonly from: number
}

/** Everything that whoever gets the batches can see of them. */
export function told(given: Batch, batches: readonly Batch[]): readonly (readonly Told[])[] {
  const tell = (message: Message): Told => ({
    content: Buffer.from(message.content()).toString('base64'),
    metadata: Array.from(message.metadataKeys(), (key) => [key, message.metadata(key)] as const),
    unlisted: message.metadata('headgate_incarnation'),
    failure: message.failure(),
    from: given.indexOf(message.origin),
  })
  return batches.map((batch) => batch.map(tell))
}
