/**
 * What the outside (api/, cli/) knows of the control plane. Implemented over catalog, engine and sources; small
 * interfaces, so that a handler asks for just what it uses. Who calls has asked `decide()` first, for reads too; what the
 * control plane does by itself asks in the name of its source.
 */
import type { Identity, Kind, ResourceObject } from '../crds/resource.ts'
import type { LatencySummary, MetricSeries } from '../engine/pipelines/pipeline.ts'
import type { StreamReading } from '../engine/pipelines/stream-readings.ts'
import type { ConnectStreams } from './connect/connect-streams.ts'
import type { History } from './history/history.ts'
import type { Ownership } from './ownership.ts'
import type { PipelineRuns } from './pipeline-runs.ts'
import type { PipelineTaps } from './pipeline-taps.ts'
import type { Plan } from './plan/plan.ts'
import type { ResourceWrites } from './resource-writes.ts'
import type { Problem } from './sets/problem.ts'
import type { ChangeListener } from './status/change-feed.ts'
import type { Events } from './status/events.ts'
import type { Why } from './status/why.ts'
import type { Suspensions } from './suspensions/suspensions.ts'

export interface ControlPlane {
  readonly resources: Resources
  readonly writes: ResourceWrites
  readonly sources: Sources
  readonly ownership: Ownership
  readonly retained: RetainedStreams
  readonly history: History
  readonly suspensions: Suspensions
  readonly events: Events
  readonly connect: ConnectStreams
  readonly runs: PipelineRuns
  readonly taps: PipelineTaps
  /** What a Pipeline or Sink has counted since it was started; empty for what does not run. */
  seriesOf(identity: Identity): readonly MetricSeries[]
  /** How a Pipeline or Sink flows since it was started; undefined for what does not run. */
  flowOf(identity: Identity): PipelineFlow | undefined
  /** Undefined for what neither is there nor ever was. */
  why(identity: Identity): Why | undefined
  /** Looks at the source at once. NotFound for an unknown one. */
  reconcile(
    source: string,
    request: ReconcileRequest,
    signal?: AbortSignal,
  ): Promise<ReconcileAnswer>
}

export interface ReconcileRequest {
  /** How long to wait for the source to be Ready; 0 answers when the look is done. */
  readonly waitMs: number
}

export interface ReconcileAnswer {
  /** As it is after the look. */
  readonly source: ResourceObject
  readonly ready: boolean
  readonly elapsedMs: number
}

/** The five kinds as Kubernetes-shaped objects, status included. */
export interface Resources {
  /** In the order of namespace and name. */
  list(kind: Kind, namespace: string | undefined): readonly ResourceObject[]
  /** A part of the list, which costs no more than what is in it. `after` is a `namespace/name`. */
  page(
    kind: Kind,
    namespace: string | undefined,
    part: { readonly after: string | undefined; readonly limit: number },
  ): { readonly objects: readonly ResourceObject[]; readonly remaining: number }
  get(kind: Kind, namespace: string, name: string): ResourceObject | undefined
  /** What a list answers as resourceVersion: every change so far is in what was read. */
  revision(): string
  /**
   * Calls back with every change of these resources after `from`, and from now on; undefined begins with all that are
   * there. Rejects with RevisionExpired or RevisionUnknown. What is told is shared: nobody changes it.
   */
  watch(
    kind: Kind,
    namespace: string | undefined,
    from: number | undefined,
    listener: ChangeListener,
  ): Disposable
}

export interface PipelineFlow {
  readonly latency: LatencySummary
  /** The streams that it reads, and as which groups. */
  readonly readings: readonly StreamReading[]
}

export interface Sources {
  list(): readonly ResourceObject[]
  get(name: string): ResourceObject | undefined
  /** Plans these files as if they were all that the source holds. NotFound for an unknown source. */
  plan(source: string, files: readonly SourceFile[]): Promise<PlanAnswer>
  /** The plan of its last look; undefined before the first. NotFound for an unknown source. */
  planned(source: string): PlanAnswer | undefined
  /**
   * Makes these files all that a posted source holds, all or nothing; a name that is not known yet becomes a source.
   *
   * Rejects with ProblemsError (all that is wrong), Conflict (a folder's source), StateMoved, PruneBlocked (names the
   * digest to approve) or ApplyFailed (names what failed; nothing has changed).
   */
  apply(source: string, request: ApplyRequest): Promise<ApplyAnswer>
  /** Approves what is blocked now, or just the given destructive digest (else DigestMismatch). Answers what it approved. */
  approve(source: string, digest: string | undefined): Promise<Approval>
  /** Resolves once every source's first look has been carried out or failed. */
  firstConvergence(): Promise<void>
}

export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface PlanAnswer {
  readonly plan: Plan
  readonly problems: readonly Problem[]
}

export interface ApplyRequest {
  readonly files: readonly SourceFile[]
  /** Judges and plans, and changes nothing; what is held back shows in the plan. */
  readonly dryRun: boolean
  /** The plan's digest, as it was shown: StateMoved when it is another one now. */
  readonly expectedDigest?: string | undefined
  /** The destructive digest that is approved with it. */
  readonly approve?: string | undefined
  /** What goes by it was named by whoever asked: nothing of it waits for an approval. */
  readonly isExplicit?: boolean
  /** The files that it is about: what is wrong with others, or holds them back, refuses nothing. All where absent. */
  readonly touches?: ReadonlySet<string>
}

export interface ApplyAnswer {
  readonly plan: Plan
  /** Warnings: a set with errors is refused. */
  readonly problems: readonly Problem[]
  readonly outcome: 'applied' | 'unchanged' | 'planned'
  /** The number that history gave it; undefined where nothing was carried out. */
  readonly revision: number | undefined
  readonly elapsedMs: number
}

export interface Approval {
  readonly source: string
  readonly digest: string
  /** `delete Stream default/orders`, one a destructive action. */
  readonly actions: readonly string[]
}

export interface RetainedStreams {
  list(namespace: string | undefined): readonly ResourceObject[]
  get(namespace: string, name: string): ResourceObject | undefined
  /** The data goes, for good. NotFound, or ProtectedResource. */
  purge(namespace: string, name: string): Promise<void>
}
