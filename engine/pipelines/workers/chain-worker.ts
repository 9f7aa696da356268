/** The program of a worker: builds the chain that it was given, and runs it over whatever batches it is sent. */
import { parentPort, workerData } from 'node:worker_threads'
import { Chain, type Step } from '../chain.ts'
import { ComponentBuilder } from '../component-builder.ts'
import { Health } from '../health.ts'
import { KeptLines } from './kept-lines.ts'
import { RecordedMetrics } from './recorded-metrics.ts'
import { buffersOf, decodeBatches, encodeAnswer } from './wire-batch.ts'
import { workerEnvironment } from './worker-environment.ts'
import type { Asked, ChainSource, Told } from './worker-protocol.ts'

const source = workerData as ChainSource
const progress = new Int32Array(source.progress)
const lines = new KeptLines()
const environment = workerEnvironment(source, lines)
const metrics = new RecordedMetrics()
const health = new Health(lines, source.name, undefined, metrics)
/** It is ended from outside. */
const { signal } = new AbortController()

function tell(told: Told, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(told, transfer)
}

async function build(): Promise<Chain> {
  const { resources, strict, processors } = source
  const builder = new ComponentBuilder(environment, { health, resources, signal, strict })
  const chain = await builder.chain(processors, ['pipeline', 'processors'])
  return new Chain(chain.steps.map(watched), chain.strictness)
}

/** Says that it runs, before it does. */
function watched(step: Step, place: number): Step {
  const { processor } = step
  return {
    ...step,
    processor: {
      process: (batch, aborted) => {
        progress[0] = place
        return processor.process(batch, aborted)
      },
    },
  }
}

function measures(): ReturnType<RecordedMetrics['take']> {
  const { processorErrors } = health.counters
  health.counters.processorErrors = 0
  return metrics.take(processorErrors)
}

async function run(chain: Chain, asked: Asked): Promise<void> {
  const batches = decodeBatches(asked)
  const results = await chain.runAll(batches, signal)
  const answer = encodeAnswer(batches.flat(), results)
  tell({ kind: 'answer', answer, measures: measures(), lines: lines.take() }, buffersOf(answer))
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

const built = build()
let last: Promise<void> = built.then(
  () => {
    progress[0] = 0
    tell({ kind: 'ready', measures: measures() })
  },
  (thrown) => tell({ kind: 'unfit', reason: reasonOf(thrown) }),
)
parentPort?.on('message', (asked: Asked) => {
  last = last
    .then(async () => run(await built, asked))
    .catch((thrown) => tell({ kind: 'failed', reason: reasonOf(thrown) }))
})
