/**
 * Runs a whole pipeline, from its inputs through buffer, processors and batching to its outputs, on records of a test:
 * on an engine in memory and a clock that moves by itself, with nothing of the process touched.
 *
 * What is tested is what runs otherwise: the same runtime builds and runs it. Only its ends are not the real ones; see
 * StandIns. One batch is at the processors at a time, so that what comes out has an order.
 */
import type { Engine } from '../../engine.ts'
import { openMemoryEngine } from '../../log/memory-engine.ts'
import type { LogFields, Logger } from '../../ports/logger.ts'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { buildPipeline } from '../build-pipeline.ts'
import { isRecord } from '../component-config.ts'
import { interpolateVariables } from '../environment-variables.ts'
import { inspectPipeline } from '../inspect-pipeline.ts'
import type { MetricSeries, Pipeline, PipelineEnvironment, StreamTarget } from '../pipeline.ts'
import { testEnvironment } from '../testing.ts'
import { Activity } from './activity.ts'
import type { RejectedMessage } from './given-input.ts'
import type { Mocks, RehearsedFailure, RehearsedOutput } from './mocks.ts'
import { passTime } from './pass-time.ts'
import { StandIns } from './stand-ins.ts'
import {
  createStream,
  type StoredRecord,
  type StreamDeclaration,
  storedRecords,
} from './streams-in-memory.ts'

/** Of its own clock: by then a pipeline that goes on trying has shown that it will not stop. */
export const REHEARSAL_MS_MAX = 600_000
const SEED = 1

export interface RehearsalOptions {
  readonly mocks: Mocks
  /** Moves on while the pipeline runs. */
  readonly clock?: SimulatedClock
  /** How the streams that it writes to are declared; those that are not have one shard. */
  readonly streams?: ReadonlyMap<string, StreamDeclaration>
  /** Of typed streams, by name. */
  readonly checks?: Readonly<Record<string, StreamTarget['check']>>
  /** What it may see of the world: `env`, `files`, `directory`, its names. */
  readonly environment?: Partial<PipelineEnvironment>
  /** Of the pipeline's own clock. */
  readonly withinMs?: number
  readonly signal?: AbortSignal
}

export interface LogLine {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: LogFields
}

export interface Rehearsal {
  readonly outputs: readonly RehearsedOutput[]
  /** What the streams hold that it writes to, by name; shard by shard. */
  readonly streams: ReadonlyMap<string, readonly StoredRecord[]>
  readonly failures: readonly RehearsedFailure[]
  /** What no output took: its source would give it again. */
  readonly rejected: readonly RejectedMessage[]
  /** Why it did not come to its end; undefined where it did. */
  readonly heldUpBecause: string | undefined
  /** Why it is not exactly-once; undefined where it is. */
  readonly atLeastOnceBecause: string | undefined
  readonly series: readonly MetricSeries[]
  readonly log: readonly LogLine[]
}

/** Throws what building the pipeline throws, and Usage where the mocks do not fit it. */
export async function rehearse(spec: unknown, options: RehearsalOptions): Promise<Rehearsal> {
  const { mocks, clock = new SimulatedClock(), checks = {}, environment: given } = options
  const random = new SeededRandom(SEED)
  const log: LogLine[] = []
  const activity = new Activity()
  const standIns = new StandIns({ mocks, activity, clock, checks })
  await using engine = openMemoryEngine({ clock, random })
  const environment = testEnvironment({
    ...given,
    engine,
    clock,
    random,
    checks,
    logger: loggerTo(log),
    standIn: standIns.standIn,
  })
  const config = oneAtATime(spec)
  const { value } = interpolateVariables(config, environment.env)
  const { streams: uses, atLeastOnceBecause } = await inspectPipeline(value)
  const written = new Set(uses.flatMap((use) => (use.access === 'write' ? [use.stream] : [])))
  const nameOf = (stream: string): string => `${environment.namespace}/${stream}`
  for (const stream of written) {
    await createStream(engine, nameOf(stream), random, options.streams?.get(stream))
  }
  const pipeline = await buildPipeline(config, environment)
  standIns.requireUsed()
  const heldUpBecause = await runThrough(pipeline, { standIns, activity, clock, options })
  return {
    outputs: standIns.outputs,
    streams: await storedIn(engine, written, nameOf),
    failures: standIns.failures,
    rejected: standIns.inputs.flatMap(({ rejected }) => rejected),
    heldUpBecause,
    atLeastOnceBecause,
    series: pipeline.series(),
    log,
  }
}

async function storedIn(
  engine: Engine,
  streams: Iterable<string>,
  nameOf: (stream: string) => string,
): Promise<Rehearsal['streams']> {
  const stored = new Map<string, readonly StoredRecord[]>()
  for (const stream of streams) stored.set(stream, await storedRecords(engine, nameOf(stream)))
  return stored
}

interface Run {
  readonly standIns: StandIns
  readonly activity: Activity
  readonly clock: SimulatedClock
  readonly options: RehearsalOptions
}

/** Resolves with why it did not come to its end. */
async function runThrough(
  pipeline: Pipeline,
  { standIns, activity, clock, options }: Run,
): Promise<string | undefined> {
  const { withinMs = REHEARSAL_MS_MAX, signal = new AbortController().signal } = options
  const passing = { clock, activity, withinMs, signal }
  const endInputs = (): boolean => standIns.inputs.filter((input) => input.end()).length > 0
  using _watching = pipeline.watch(() => activity.moved())
  const isOver = (): boolean => {
    const { phase } = pipeline.state()
    return phase !== 'built' && phase !== 'running'
  }
  const connected = settled(pipeline.connect(signal))
  const passed = await passTime({ ...passing, isOver, onIdle: endInputs })
  const { phase, message } = pipeline.state()
  const stopped = settled(pipeline.stop(0))
  // It is closed by force, which takes a moment of its clock.
  const closing = { ...passing, signal: new AbortController().signal, onIdle: () => false }
  await passTime({ ...closing, isOver: () => stopped.isSettled })
  await connected.promise
  if (connected.error !== undefined) throw connected.error
  if (phase === 'completed') return undefined
  return message ?? (passed === 'late' ? `it did not end within ${withinMs} ms` : STILL)
}

const STILL = 'nothing moves any more'

interface Settled {
  readonly promise: Promise<unknown>
  isSettled: boolean
  error: unknown
}

function settled(promise: Promise<unknown>): Settled {
  const state: { isSettled: boolean; error: unknown } = { isSettled: false, error: undefined }
  const seen = promise
    .catch((error: unknown) => {
      state.error = error
    })
    .finally(() => {
      state.isSettled = true
    })
  return Object.assign(state, { promise: seen })
}

function oneAtATime(spec: unknown): unknown {
  if (!isRecord(spec)) return spec
  const { pipeline } = spec
  // What is no object is the inspection's to refuse.
  if (pipeline !== undefined && pipeline !== null && !isRecord(pipeline)) return spec
  return { ...spec, pipeline: { ...pipeline, threads: 1 } }
}

function loggerTo(lines: LogLine[]): Logger {
  const at =
    (level: keyof Logger): Logger[typeof level] =>
    (message, fields = {}) =>
      void lines.push({ level, message, fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
