/** The workers of a pipeline, where its `threads` ask for them and its processors are fit for them. */
import { realClock } from '../../ports/real-clock.ts'
import type { Chain } from '../chain.ts'
import type { Resources } from '../component-config.ts'
import type { Health } from '../health.ts'
import type { PipelineEnvironment } from '../pipeline.ts'
import { ComponentSpans } from '../tracing/component-spans.ts'
import { asksForWorkers, fitnessOf } from './fitness.ts'
import { WorkerChain } from './worker-chain.ts'

export interface WorkersWanted {
  readonly threads: unknown
  readonly processors: readonly unknown[]
  readonly resources: Resources
  readonly strict: boolean
  /** The same processors, built. */
  readonly chain: Chain
  readonly health: Health
  readonly environment: PipelineEnvironment
  /** Whether somebody looks at what goes through the processors, which only this thread can show. */
  readonly watched?: () => boolean
}

function spansOf({
  environment,
  health,
}: Pick<WorkersWanted, 'environment' | 'health'>): ComponentSpans | undefined {
  if (environment.tracing === undefined) return undefined
  const chain = { name: 'processors', label: '', path: 'root.pipeline', config: {} }
  return new ComponentSpans(chain, chain.name, (text) => health.mask.text(text), true)
}

/** Starts none: each starts when there is something for it to do. */
export async function makeWorkers({
  threads,
  processors,
  resources,
  strict,
  ...built
}: WorkersWanted): Promise<WorkerChain | undefined> {
  if (!asksForWorkers(threads)) return undefined
  const { environment } = built
  // A worker has the time of the system; who simulates it means all of the pipeline.
  if (environment.clock !== realClock) return undefined
  const { unfitBecause, variables } = await fitnessOf(processors, resources)
  if (unfitBecause !== undefined) return undefined
  const { namespace, name, group, endpointPrefix, directory } = environment
  const env = new Map(
    [...variables].flatMap((variable): [string, string][] => {
      const value = environment.env(variable)
      return value === undefined ? [] : [[variable, value]]
    }),
  )
  const named = { namespace, name, group, endpointPrefix, directory }
  const source = { processors, resources, strict, env, ...named }
  return new WorkerChain({ ...built, source, threads, spans: spansOf(built) })
}
