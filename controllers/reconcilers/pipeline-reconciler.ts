/**
 * Pipelines and Sinks: turns what is declared into a run (a Sink is lowered to a pipeline first) and tells how it is.
 *
 * A Pipeline is Ready when this generation runs; whether its ends are connected is a condition of its own.
 */
import { createHash } from 'node:crypto'
import { identityKey, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { interpolateVariables } from '../../engine/pipelines/environment-variables.ts'
import type {
  LatencySummary,
  PipelineEnvironment,
  PipelineInspection,
  PipelineState,
} from '../../engine/pipelines/pipeline.ts'
import { latencyText } from '../../engine/pipelines/pipeline-latency.ts'
import { type StreamReading, streamReadings } from '../../engine/pipelines/stream-readings.ts'
import { VariableMask } from '../../engine/pipelines/variable-mask.ts'
import { lastResetStatus } from '../resets/last-reset-status.ts'
import { type Handover, type HandoverOptions, handoverOf } from '../resets/position-handover.ts'
import { filledInspection } from '../sets/filled-needs.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Grants } from '../sources/source.ts'
import type { Condition } from '../status/condition.ts'
import { isNotSo, isSo } from '../status/conditions.ts'
import { type ExclusiveClaims, exclusiveName } from './exclusive-claims.ts'
import { requireGrants } from './grants.ts'
import { modulesFingerprint } from './module-fingerprint.ts'
import type { PipelineRunner, Run, RunState } from './pipeline-runner.ts'
import type {
  ApplyRequest,
  Observation,
  Prepared,
  Reconciler,
  RemoveRequest,
} from './reconciler.ts'
import type { SecretUse, SecretWatch } from './secret-watch.ts'

export interface PipelineReconcilerOptions {
  readonly kind: 'Pipeline' | 'Sink'
  readonly runner: PipelineRunner
  readonly claims: ExclusiveClaims
  readonly secrets: SecretWatch
  /** The stream config of a spec. */
  readonly configOf: (
    resource: Resource,
  ) => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>
  readonly inspect: (config: unknown) => Promise<PipelineInspection>
  readonly environmentOf: (resource: Resource, owner: string) => PipelineEnvironment
  readonly grantsOf: (owner: string) => Grants
  readonly resets: HandoverOptions
  /** The digest under which its finite input ended. */
  readonly completedDigest: (key: string) => string | undefined
}

/** What may change in a spec without a restart. */
const FIELDS_AT_REST: readonly string[] = [
  'id',
  'paused',
  'active',
  'reset',
  'tests',
  'description',
]

interface Wanted {
  readonly run: Run
  /** Undefined for what does not run. */
  readonly use: SecretUse | undefined
  readonly limits?: Limits
}

/** What the config does not let it do. */
type Limits = Pick<PipelineInspection, 'atLeastOnceBecause' | 'noWorkersBecause'>

export class PipelineReconciler implements Reconciler {
  readonly kind: 'Pipeline' | 'Sink'
  readonly #options: PipelineReconcilerOptions
  /** Looked up when each is applied, told at every GET. */
  readonly #limits = new Map<string, Limits>()

  constructor(options: PipelineReconcilerOptions) {
    this.kind = options.kind
    this.#options = options
  }

  async apply(request: ApplyRequest, signal?: AbortSignal): Promise<void> {
    const { runner, secrets } = this.#options
    const { run, use, limits } = await this.#runOf(request)
    if (limits !== undefined) this.#limits.set(run.key, limits)
    try {
      await runner.apply({ ...run, handover: this.#handoverOf(request) }, signal)
    } catch (thrown) {
      throw maskedFor(run, thrown)
    }
    if (use === undefined) secrets.forget(run.key)
    else secrets.use(run.key, use)
  }

  async prepare(request: ApplyRequest): Promise<Prepared> {
    const { run } = await this.#runOf(request)
    try {
      return await this.#options.runner.prepare(run)
    } catch (thrown) {
      throw maskedFor(run, thrown)
    }
  }

  async #runOf({ resource, owner }: ApplyRequest): Promise<Wanted> {
    const { secrets, configOf, inspect, environmentOf, grantsOf, completedDigest } = this.#options
    const key = identityKey(resource.identity)
    const config = await configOf(resource)
    const environment = environmentOf(resource, owner)
    const active = isActive(resource)
    const { digest } = resource
    const run = { key, digest, config, environment, active, exclusives: [], runDigest: '' }
    const completed = completedDigest(key) === digest
    if (!active)
      return { run: { ...run, runDigest: runDigestOf(resource, ''), completed }, use: undefined }
    const inspection = await inspect(config)
    const filled = await filledInspection(config, inspection, environment.env, inspect)
    requireGrants(filled.needs, grantsOf(owner), environment.directory)
    requireStreams(resource, environment)
    const { secrets: references } = inspection
    const fingerprint = await secrets.fingerprint(references, environment.secrets)
    const { configDirectory = environment.directory } = environment
    const code = modulesFingerprint(inspection.modules ?? [], configDirectory)
    const runDigest = runDigestOf(resource, `${fingerprint}${code}`)
    const exclusives = exclusiveNames(filled.exclusives, environment)
    return {
      run: { ...run, runDigest, exclusives, completed },
      use: { owner, references, secrets: environment.secrets, fingerprint },
      limits: limitsOf(inspection),
    }
  }

  #handoverOf({ resource, owner }: ApplyRequest): Handover | undefined {
    return handoverOf(resource, () => this.readings(resource, owner), this.#options.resets)
  }

  /** The streams that it reads, and as which group, with the values of variables. */
  async readings(resource: Resource, owner: string): Promise<readonly StreamReading[]> {
    const { configOf, inspect, environmentOf } = this.#options
    const { env, group } = environmentOf(resource, owner)
    const config = interpolateVariables(await configOf(resource), env).value
    return streamReadings(config, (await inspect(config)).streams, group)
  }

  /** What was accepted before the process started comes before whatever it was that was refused for its sake. */
  async reclaim(resource: Resource, owner: string): Promise<void> {
    const { claims, configOf, inspect, environmentOf, completedDigest } = this.#options
    const key = identityKey(resource.identity)
    if (!isActive(resource) || completedDigest(key) === resource.digest) return
    const config = await configOf(resource)
    const environment = environmentOf(resource, owner)
    const { env } = environment
    const { exclusives } = await filledInspection(config, await inspect(config), env, inspect)
    claims.claim(key, exclusiveNames(exclusives, environment))
  }

  async remove({ resource }: RemoveRequest): Promise<void> {
    const key = identityKey(resource.identity)
    await this.#options.runner.remove(key)
    this.#limits.delete(key)
    this.#options.secrets.forget(key)
    this.#options.resets.store.remove(key)
  }

  observe(resource: Resource): Observation {
    const key = identityKey(resource.identity)
    const state = this.#options.runner.state(key)
    if (state === undefined)
      return { conditions: [isNotSo('Ready', 'NotRunning', 'It does not run.')], status: {} }
    const { atLeastOnceBecause: delivery, noWorkersBecause } = this.#limits.get(key) ?? {}
    const { last } = this.#options.resets.store.get(key)
    return {
      conditions: conditionsOf(state, resource),
      status: {
        phase: phaseOf(state),
        delivery: delivery === undefined ? 'exactly-once' : 'at-least-once',
        ...(delivery === undefined ? {} : { atLeastOnceBecause: delivery }),
        ...(noWorkersBecause === undefined ? {} : { noWorkersBecause }),
        ...(state.pipeline === undefined ? {} : { counters: state.pipeline.counters }),
        ...latencyStatus(this.#options.runner.pipeline(key)?.latency()),
        ...(last === undefined ? {} : { lastReset: lastResetStatus(last) }),
      },
    }
  }

  watch(listener: (key: string) => void): Disposable {
    return this.#options.runner.watch(listener)
  }

  /** False when it should run and does not, as after a start or a failure, or runs with a secret that was changed. */
  isInForce(resource: Resource): boolean {
    const state = this.#options.runner.state(identityKey(resource.identity))
    if (state === undefined) return false
    if (!state.active || state.completed || state.standsDown) return true
    if (this.#options.secrets.hasChanged(identityKey(resource.identity))) return false
    return state.pipeline?.phase === 'running'
  }
}

/** Who holds what is told by name, and that may come of a variable. */
function maskedFor({ config, environment }: Run, thrown: unknown): unknown {
  return new VariableMask(config, environment.env).error(thrown)
}

function exclusiveNames(
  exclusives: readonly string[],
  { directory }: PipelineEnvironment,
): readonly string[] {
  return exclusives
    .map((written) => exclusiveName(written, directory))
    .filter((name) => name !== undefined)
}

function isActive({ spec }: Resource): boolean {
  return spec['paused'] !== true && spec['active'] !== false
}

/** `outside`: what is not part of the spec, and makes a difference all the same. */
function runDigestOf({ spec, id }: Resource, outside: string): string {
  const running = Object.entries(spec).filter(([name]) => !FIELDS_AT_REST.includes(name))
  return createHash('sha256')
    .update(JSON.stringify([id, running, outside]))
    .digest('hex')
}

function requireStreams(
  { references }: Resource,
  { streams, namespace }: PipelineEnvironment,
): void {
  for (const { to } of references) {
    if (to.kind !== 'Stream' || streams.resolve(namespace, to.name) !== undefined) continue
    throw new HeadgateError('DependencyNotReady', `${identityText(to)} does not exist.`, {
      hint: 'Declare the stream; it is tried again by itself.',
    })
  }
}

function conditionsOf(state: RunState, resource: Resource): readonly Condition[] {
  if (!state.active) return [isSo('Ready', 'Paused', 'It is stopped and keeps its position.')]
  if (state.completed)
    return [
      isSo('Ready', 'Completed', 'Its input has ended, and everything was delivered.'),
      isSo('Completed', 'Completed', 'Its input has ended.'),
    ]
  const { pipeline, standsDown } = state
  if (standsDown) return [isNotSo('Ready', 'Stopping', 'It stops; what follows it waits for that.')]
  if (pipeline === undefined || pipeline.phase !== 'running')
    return [isNotSo('Ready', 'NotRunning', pipeline?.message ?? 'It does not run.')]
  return [readyOf(state, pipeline, resource), connectedOf(pipeline)]
}

/** What holds it up comes before what does not. */
export function readyOf(
  state: Pick<RunState, 'digest'>,
  { message, note }: Pick<PipelineState, 'message' | 'note'>,
  resource: Pick<Resource, 'digest'>,
): Condition {
  if (state.digest !== resource.digest)
    return isNotSo('Ready', 'Applying', 'An earlier version runs.')
  if (message !== undefined) return isSo('Ready', 'Retrying', `It runs, but is held up: ${message}`)
  if (note !== undefined)
    return isSo('Ready', 'NotReloaded', `It runs. A change was not taken over: ${note}`)
  return isSo('Ready', 'Running', 'It runs as declared.')
}

function connectedOf({ connected, message }: PipelineState): Condition {
  if (connected) return isSo('Connected', 'Connected', 'Input and output are connected.')
  return isNotSo('Connected', 'Disconnected', message ?? 'It is not connected yet.')
}

/** Of what was delivered since it was started. */
function latencyStatus(latency: LatencySummary | undefined): object {
  if (latency === undefined || latency.count === 0) return {}
  return { latency: { p50: latencyText(latency.p50), p99: latencyText(latency.p99) } }
}

function phaseOf(state: RunState): string {
  if (!state.active) return 'paused'
  return state.completed ? 'completed' : (state.pipeline?.phase ?? 'stopped')
}

function limitsOf({ atLeastOnceBecause, noWorkersBecause }: PipelineInspection): Limits {
  return { atLeastOnceBecause, ...(noWorkersBecause === undefined ? {} : { noWorkersBecause }) }
}
