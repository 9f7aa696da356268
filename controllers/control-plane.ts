/**
 * What the outside (api/, cli/) knows of the control plane. Implemented over catalog, engine and sources; small
 * interfaces, so that a handler asks for just what it uses. Who calls has asked `decide()` first, for reads too; what the
 * control plane does by itself asks in the name of its source.
 */
import type { Kind, ResourceObject } from '../crds/resource.ts'
import type { Plan } from './plan/plan.ts'
import type { Problem } from './sets/problem.ts'

export interface ControlPlane {
  readonly resources: Resources
  readonly sources: Sources
  readonly retained: RetainedStreams
}

/** The five kinds as Kubernetes-shaped objects, status included. */
export interface Resources {
  list(kind: Kind, namespace: string | undefined): readonly ResourceObject[]
  get(kind: Kind, namespace: string, name: string): ResourceObject | undefined
  /** The catalog's sequence: what a list answers as resourceVersion. */
  revision(): string
}

export interface Sources {
  list(): readonly ResourceObject[]
  get(name: string): ResourceObject | undefined
  /** Plans these files as if they were all that the source holds. NotFound for an unknown source. */
  plan(source: string, files: readonly SourceFile[]): Promise<PlanAnswer>
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
