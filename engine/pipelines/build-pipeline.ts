/** Makes a pipeline of a config: constructs everything, and acquires nothing. */
import { availableParallelism, hostname } from 'node:os'
import { HeadgateError } from '../error.ts'
import { bloblangEnvironment } from './bloblang-fields.ts'
import { type BuiltBuffer, ComponentBuilder } from './component-builder.ts'
import { interpolateVariables } from './environment-variables.ts'
import { Health } from './health.ts'
import { inspectPipeline } from './inspect-pipeline.ts'
import type { Pipeline, PipelineEnvironment, PipelineInspection } from './pipeline.ts'
import { RunningPipeline } from './running-pipeline.ts'
import { shardKeyOf } from './shard-key.ts'
import { readSpec } from './spec.ts'
import { streamReadings } from './stream-readings.ts'
import { VariableMask } from './variable-mask.ts'
import { makeWorkers } from './workers/make-workers.ts'

/** Throws ComponentConfigInvalid, ComponentUnknown or BloblangInvalid with the first problem of the config. */
export async function buildPipeline(
  spec: unknown,
  environment: PipelineEnvironment,
): Promise<Pipeline> {
  const mask = new VariableMask(spec, environment.env)
  try {
    const logger = mask.logger(environment.logger)
    return await buildMasked(spec, { ...environment, logger }, mask)
  } catch (thrown) {
    throw mask.error(thrown)
  }
}

async function buildMasked(
  spec: unknown,
  environment: PipelineEnvironment,
  mask: VariableMask,
): Promise<Pipeline> {
  const { value, missing, undecodable } = interpolateVariables(spec, environment.env)
  if (missing.length > 0) {
    const message = `required environment variables were not set: [${missing.join(' ')}]`
    throw new HeadgateError('ComponentConfigInvalid', message, {
      hint: `Set them, or give a default: \${${missing[0]}:default}.`,
    })
  }
  if (undecodable.length > 0) {
    const message = `expected base64 in the environment variables [${undecodable.join(' ')}]`
    throw new HeadgateError('ComponentConfigInvalid', message)
  }
  const streams = await refuseProblems(value, environment)
  const parts = readSpec(value)
  if (parts.input === undefined || parts.output === undefined) {
    const absent = parts.input === undefined ? 'an input' : 'an output'
    throw new HeadgateError('ComponentConfigInvalid', `expected ${absent}, got none`)
  }
  const health = new Health(environment.logger, environment.name, mask)
  const force = new AbortController()
  const builder = new ComponentBuilder(environment, {
    health,
    resources: parts.resources,
    signal: force.signal,
    strict: parts.strict,
  })
  const input = await builder.input(parts.input, ['input'])
  const buffer = await bufferOf(parts.buffer, builder)
  const chain = await builder.chain(parts.processors, ['pipeline', 'processors'])
  const watched = (): boolean => builder.taps.open
  const { shardBy } = parts
  const bloblang = bloblangEnvironment(environment, hostname())
  return new RunningPipeline({
    environment,
    health,
    force,
    input,
    buffer,
    chain,
    output: await builder.output(parts.output, ['output']),
    threads: threadsOf(parts.threads),
    workers: await makeWorkers({ ...parts, chain, health, environment, watched }),
    shardKey: shardBy === undefined ? undefined : shardKeyOf(shardBy, bloblang),
    shared: builder.shared,
    taps: builder.taps,
    readings: streamReadings(value, streams, environment.group),
  })
}

async function bufferOf(
  config: unknown,
  builder: ComponentBuilder,
): Promise<BuiltBuffer | undefined> {
  return config === undefined || config === null ? undefined : builder.buffer(config, ['buffer'])
}

function threadsOf(threads: unknown): number {
  return typeof threads === 'number' && threads > 0 ? threads : availableParallelism()
}

/** Answers the streams that it reads and writes. */
async function refuseProblems(
  spec: unknown,
  { shared }: PipelineEnvironment,
): Promise<PipelineInspection['streams']> {
  const known = shared === undefined ? {} : { shared: shared.labels }
  const { problems, streams } = await inspectPipeline(spec, known)
  const first = problems.find(({ severity }) => severity === 'error')
  if (first === undefined) return streams
  const message = `${first.path.join('.')}: ${first.message}`
  throw new HeadgateError(first.code, message, first.hint === undefined ? {} : { hint: first.hint })
}
