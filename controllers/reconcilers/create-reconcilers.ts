/** Makes the five reconcilers, and the environment in which each pipeline runs: what its source was granted, no more. */
import { dirname, join } from 'node:path'
import { PIPELINE_FIELDS_OF_OURS } from '../../crds/pipeline.ts'
import { identityKey, type Kind } from '../../crds/resource.ts'
import { compileEventCheck } from '../../engine/events/event-check.ts'
import { resolveEventType, type TypeDeclaration } from '../../engine/events/event-type.ts'
import { NamespaceResources } from '../../engine/pipelines/namespace-resources.ts'
import {
  type PipelineEnvironment,
  STOP_DEADLINE_MS_DEFAULT,
} from '../../engine/pipelines/pipeline.ts'
import { ResourceLabels } from '../../engine/pipelines/resource-labels.ts'
import type { RunningKind } from '../apply/resume.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { GRANTS_ALL } from '../config/implied-source.ts'
import { isGiven } from '../connect/given-resources.ts'
import { CONNECT_NAMESPACE, CONNECT_SOURCE, identityOfStream } from '../connect/stored-stream.ts'
import type { ControlPlaneOptions } from '../control-plane-options.ts'
import { masked } from '../plan/mask.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Grants, SourceDeclaration } from '../sources/source.ts'
import { AccessPolicyReconciler } from './access-policy-reconciler.ts'
import { ExclusiveClaims } from './exclusive-claims.ts'
import { grantedFiles } from './granted-files.ts'
import { isEnvGranted, NO_GRANTS } from './grants.ts'
import { PipelineReconciler, type PipelineReconcilerOptions } from './pipeline-reconciler.ts'
import { PipelineRunner } from './pipeline-runner.ts'
import type { Reconciler } from './reconciler.ts'
import { secretResolver } from './secret-resolver.ts'
import { SecretWatch } from './secret-watch.ts'
import { StreamReconciler } from './stream-reconciler.ts'
import { type CompileCheck, StreamTypeReconciler } from './stream-type-reconciler.ts'

export interface Reconcilers {
  readonly byKind: ReadonlyMap<Kind, Reconciler>
  readonly running: ReadonlyMap<string, RunningKind>
  readonly types: StreamTypeReconciler
  readonly streams: StreamReconciler
  readonly runner: PipelineRunner
  readonly claims: ExclusiveClaims
  readonly secrets: SecretWatch
  /** What pipelines of the Connect API's namespace share. */
  readonly shared: NamespaceResources
  /** The streams that a Pipeline or Sink reads, and as which group; none for other kinds. */
  readonly readings: PipelineReconciler['readings']
  /** After a start: what was accepted holds what it held. */
  readonly reclaim: () => Promise<void>
}

/** `sourceNamed` is asked whenever something is built: sources come while the process runs. */
export function createReconcilers(
  options: ControlPlaneOptions,
  catalog: Catalog,
  sourceNamed: (source: string) => SourceDeclaration | undefined,
): Reconcilers {
  const { engine, clock, builders } = options
  const types = new StreamTypeReconciler(compileCheck)
  const streams = new StreamReconciler({ engine, types, clock, quotas: options.quotas })
  const claims = new ExclusiveClaims()
  const secrets = new SecretWatch(options.random)
  const runner = new PipelineRunner({
    claims,
    clock,
    build: (config, environment) => builders.buildPipeline(config, environment),
    probe: async (name) => builders.probeExclusive?.(name),
    stopDeadlineMs: options.stopDeadlineMs ?? STOP_DEADLINE_MS_DEFAULT,
    onCompleted: (key, digest, ranMs) => {
      const entry = catalog.entries.get(key)
      if (entry !== undefined) catalog.entries.put({ ...entry, completed: digest, ranMs })
    },
  })
  const grantsOf = (owner: string): Grants => sourceNamed(owner)?.grants ?? NO_GRANTS
  const shared = sharedResources(options, streams, () => grantsOf(CONNECT_SOURCE))
  const parts: Omit<PipelineReconcilerOptions, 'kind' | 'configOf'> = {
    runner,
    claims,
    secrets,
    inspect: (config) => builders.inspectPipeline(config),
    environmentOf: (resource, owner) => {
      const configDirectory = directoryOf(sourceNamed(owner), catalog, resource)
      const environment = {
        ...environmentOf(resource, grantsOf(owner), streams, options),
        ...(configDirectory === undefined ? {} : { configDirectory }),
      }
      const isThere = resource.identity.namespace === CONNECT_NAMESPACE
      return isThere ? { ...environment, shared } : environment
    },
    grantsOf,
    resets: {
      engine,
      clock,
      store: catalog.resets,
      acceptedOf: (key) => catalog.entries.get(key)?.accepted,
    },
    completedDigest: (key) => catalog.entries.get(key)?.completed,
  }
  const pipelines = new PipelineReconciler({
    ...parts,
    kind: 'Pipeline',
    configOf: pipelineConfig,
  })
  const sinks = new PipelineReconciler({
    ...parts,
    kind: 'Sink',
    configOf: ({ identity, spec }) => builders.lowerSink(identity.name, spec),
  })
  const all: readonly Reconciler[] = [
    types,
    new AccessPolicyReconciler(),
    streams,
    sinks,
    pipelines,
  ]
  return {
    byKind: new Map(all.map((reconciler) => [reconciler.kind, reconciler])),
    running: new Map([
      ['Sink', sinks],
      ['Pipeline', pipelines],
    ]),
    types,
    streams,
    runner,
    claims,
    secrets,
    shared,
    readings: async (resource, owner) => {
      const { kind } = resource.identity
      if (kind !== 'Pipeline' && kind !== 'Sink') return []
      return (kind === 'Sink' ? sinks : pipelines).readings(resource, owner)
    },
    reclaim: () => reclaim(catalog, { Pipeline: pipelines, Sink: sinks }),
  }
}

/** Of the file that declares it, where that lies in a folder. */
function directoryOf(
  source: SourceDeclaration | undefined,
  catalog: Catalog,
  { identity }: Resource,
): string | undefined {
  if (source?.type !== 'directory') return undefined
  const { file = '' } = catalog.entries.get(identityKey(identity))?.origin ?? {}
  return join(source.location, dirname(file))
}

/** Of the Connect API, and of whoever started the process, who has what it has. */
function sharedResources(
  options: ControlPlaneOptions,
  streams: StreamReconciler,
  connectGrants: () => Grants,
): NamespaceResources {
  return new NamespaceResources({
    labels: options.labels ?? new ResourceLabels(),
    environmentOf: (label, role) => {
      const identity = { ...identityOfStream(label), name: label }
      const grants = isGiven(options.resources, role, label) ? GRANTS_ALL : connectGrants()
      return environmentOf({ identity, id: label }, grants, streams, options)
    },
  })
}

async function reclaim(
  catalog: Catalog,
  kinds: Readonly<Record<string, PipelineReconciler>>,
): Promise<void> {
  for (const { identity, accepted, owner } of catalog.entries.all().values()) {
    if (accepted === undefined) continue
    // What cannot be claimed or judged now says so when it is started.
    await kinds[identity.kind]?.reclaim(accepted, owner).catch(() => undefined)
  }
}

const compileCheck: CompileCheck = (name, declarations) => {
  const types = new Map([...declarations].map(([type, spec]) => [type, typeDeclaration(spec)]))
  const resolved = resolveEventType(name, types)
  if (resolved.ok) return compileEventCheck(resolved.type)
  return resolved.problems.map(({ message }) => message).join('; ')
}

/** The spec was judged by its schema when the set was read. */
function typeDeclaration(spec: Readonly<Record<string, unknown>>): TypeDeclaration {
  return spec as TypeDeclaration
}

function pipelineConfig({ spec }: Resource): Readonly<Record<string, unknown>> {
  const ours: readonly string[] = PIPELINE_FIELDS_OF_OURS
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !ours.includes(name)))
}

function environmentOf(
  { identity, id }: Pick<Resource, 'identity' | 'id'>,
  grants: Grants,
  streams: StreamReconciler,
  options: ControlPlaneOptions,
): PipelineEnvironment {
  const { kind, namespace, name } = identity
  const env = (variable: string): string | undefined =>
    isEnvGranted(variable, grants) ? options.env[variable] : undefined
  return {
    namespace,
    name,
    group: `${kind.toLowerCase()}.${name}`,
    engine: options.engine,
    clock: options.clock,
    random: options.random,
    endpoints: options.endpoints,
    endpointPrefix: namespace === 'default' ? `/${id}` : `/namespaces/${namespace}/${id}`,
    logger: options.logger,
    stdin: options.stdin,
    stdout: options.stdout,
    streams,
    secrets: secretResolver({ namespace, secretsDirectory: options.secretsDirectory, env }),
    directory: options.directory,
    env,
    mask: (config) => masked(config, undefined),
    files: grantedFiles(grants, options.directory),
    ...(options.tracing === undefined ? {} : { tracing: options.tracing }),
  }
}
