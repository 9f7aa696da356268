/**
 * The way of batches through the processors of a pipeline: on this thread or in workers, in the order of their keys or
 * as each gets done.
 */
import type { ProcessorChain } from './build-context.ts'
import { Chain } from './chain.ts'
import type { ShardKey } from './shard-key.ts'
import { LANE_BATCHES_MAX, type ShardedWay } from './shard-lanes.ts'
import type { WorkerChain } from './workers/worker-chain.ts'

export interface Passage {
  /** All processors; those before the lanes where there are any. */
  readonly chain: ProcessorChain
  /** How many batches may be at the chain at once where it waits. */
  readonly threads: number
  readonly sharded?: ShardedWay
  readonly alone: boolean
}

export interface PassageParts {
  /** Those of the input, before all others. */
  readonly before: Chain
  readonly chain: Chain
  readonly threads: number
  /** Run the same processors as `chain`. */
  readonly workers: WorkerChain | undefined
  readonly shardKey: ShardKey | undefined
}

export function passageOf({ before, chain, threads, workers, shardKey }: PassageParts): Passage {
  const alone = before.alone && chain.alone
  if (shardKey !== undefined && (workers !== undefined || threads > 1)) {
    const sharded = workers === undefined ? inLanes(chain, shardKey, threads) : inOrder(workers)
    return { chain: before, threads: 1, sharded, alone }
  }
  if (workers === undefined) {
    const whole = new Chain([...before.steps, ...chain.steps], chain.strictness)
    return { chain: whole, threads, alone }
  }
  const whole = before.steps.length === 0 ? workers : inSequence(before, workers)
  return { chain: whole, threads: workers.batchesMax, alone }
}

/** What runs on this thread may do something elsewhere, in the order of keys too: a lane runs one batch at a time. */
function inLanes(chain: Chain, key: ShardKey, lanes: number): ShardedWay {
  const run: ShardedWay['run'] = (batch, signal) => chain.run(batch, signal)
  return { key, lanes, run, ahead: false, batchesMax: LANE_BATCHES_MAX }
}

/**
 * What workers run does nothing but make messages of messages: they run whole batches at once, and all of them are
 * handed on in their order, that of keys with it.
 */
function inOrder(workers: WorkerChain): ShardedWay {
  const run: ShardedWay['run'] = (batch, signal) => workers.run(batch, signal)
  return { key: () => '', lanes: 1, run, ahead: true, batchesMax: workers.batchesMax }
}

function inSequence(first: ProcessorChain, second: ProcessorChain): ProcessorChain {
  const pass = (made: Made, signal: AbortSignal): Made =>
    made instanceof Promise
      ? made.then((batches) => second.runAll(batches, signal))
      : second.runAll(made, signal)
  return {
    alone: first.alone && second.alone,
    run: (batch, signal) => pass(first.run(batch, signal), signal),
    runAll: (batches, signal) => pass(first.runAll(batches, signal), signal),
    parts: () => [...first.parts(), ...second.parts()],
    close: async () => {
      await first.close()
      await second.close()
    },
  }
}

type Made = ReturnType<ProcessorChain['runAll']>
