/** Everything that the control plane is given: the engine, the ports, the builders of the data plane, and its sources. */
import type { Identity } from '../crds/resource.ts'
import type { Engine } from '../engine/engine.ts'
import type {
  Pipeline,
  PipelineEnvironment,
  PipelineInspection,
} from '../engine/pipelines/pipeline.ts'
import type { ResourceLabels } from '../engine/pipelines/resource-labels.ts'
import type { Clock } from '../engine/ports/clock.ts'
import type { Endpoints } from '../engine/ports/endpoints.ts'
import type { Logger } from '../engine/ports/logger.ts'
import type { Random } from '../engine/ports/random.ts'
import type { Tracing } from '../engine/ports/tracing.ts'
import type { QuotaReport } from '../engine/streams/quotas.ts'
import type { AlertDestination } from './alerts/alert.ts'
import type { ConvergenceReport } from './apply/convergence.ts'
import type { GivenResources } from './connect/given-resources.ts'
import type { SourceFile } from './control-plane.ts'
import type { ChangePolicy } from './plan/change-policy.ts'
import type { ResourceSet } from './sets/resource-set.ts'
import type { Source, SourceDeclaration } from './sources/source.ts'

export interface ControlPlaneOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly endpoints: Endpoints
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream
  /** Holds catalog.sqlite and posted.sqlite; `:memory:` keeps nothing. */
  readonly dataDirectory: string
  readonly secretsDirectory: string | undefined
  /** Where relative paths of file components begin. */
  readonly directory: string
  /** The process's environment; what a source may see of it, its grants say. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly sources: readonly Source[]
  /** Sources of headgate.yaml that are posted to. */
  readonly posted?: readonly SourceDeclaration[]
  readonly builders: Builders
  /** Filled with the labels of what was posted for all pipelines; whoever inspects configs looks them up here. */
  readonly labels?: ResourceLabels
  /** What `--resources` gives to all pipelines, by list: `cache_resources` and the like. */
  readonly resources?: GivenResources | undefined
  /** How full the quotas of namespaces are; absent where there are none. */
  readonly quotas?: QuotaReport
  /** What has to hold for the changes of any source to be carried out. */
  readonly policies?: readonly ChangePolicy[]
  /** Who is told when something needs a person. */
  readonly alerts?: readonly AlertDestination[]
  readonly pruneSettleMs?: number
  readonly sweepMs?: number
  readonly stopDeadlineMs?: number
  /** Nobody traces what pipelines do where absent. */
  readonly tracing?: Tracing
  readonly onConvergence?: (report: ConvergenceReport) => void
}

type Config = Readonly<Record<string, unknown>>

export interface Builders {
  buildPipeline(config: unknown, environment: PipelineEnvironment): Promise<Pipeline>
  inspectPipeline(config: unknown): Promise<PipelineInspection>
  /** Whether what a pipeline holds alone can be had now, by the names of `exclusiveName`; rejects with why it cannot. */
  probeExclusive?(name: string): Promise<void>
  /** The pipeline config that a Sink amounts to. */
  lowerSink(name: string, spec: Config): Config
  /**
   * Reads these files as if they were all that the source holds. `known` tells what there is besides, instead of what
   * the control plane shows.
   */
  readFiles(
    declaration: SourceDeclaration,
    files: readonly SourceFile[],
    known?: (identity: Identity) => boolean,
  ): Promise<ResourceSet>
}
