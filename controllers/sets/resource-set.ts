/**
 * What one source says at one revision: immutable, content-addressed, with its problems and a `complete` bit.
 *
 * Every document that can be identified is in it, the invalid ones too: they still count as declared. A set that is
 * not complete deletes nothing.
 */
import type { Identity } from '../../crds/resource.ts'
import type { StreamUse } from '../../engine/pipelines/pipeline.ts'
import type { Place, Problem } from './problem.ts'

export interface ResourceSet {
  /** The name of the source. */
  readonly source: string
  /** A digest of every member's identity, digest and validity, and of `complete`: equal sets need no second look. */
  readonly digest: string
  /** A digest of who is declared, whatever they say. */
  readonly identities?: string
  readonly complete: boolean
  /** Only what was hinted at was looked at; all else is as the last look at everything found it. */
  readonly isNarrow?: true
  /** Why it is not complete, one sentence a cause; empty when it is. */
  readonly incompleteBecause: readonly string[]
  /** By identityKey. */
  readonly members: ReadonlyMap<string, Member>
  /** All of them, those of members included, in order of file and line. */
  readonly problems: readonly Problem[]
  /** What was skipped or ignored, for people who wonder: foreign kinds, dotfiles, kustomization.yaml. */
  readonly notes: readonly string[]
}

export type Member = ValidMember | InvalidMember

export interface ValidMember {
  readonly state: 'valid'
  readonly identity: Identity
  readonly origin: Place
  readonly resource: Resource
  /** Warnings only. */
  readonly problems: readonly Problem[]
}

/** Identified but wrong: it stalls itself and what depends on it; its last accepted version keeps running. */
export interface InvalidMember {
  readonly state: 'invalid'
  readonly identity: Identity
  readonly origin: Place
  readonly problems: readonly Problem[]
}

/** A declared object after defaults and normalisation; Pipeline bodies as written. */
export interface Resource {
  readonly identity: Identity
  /** `spec.id`, else the name. */
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  /** All of them; only those of headgate.dev enter the digest. */
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: Readonly<Record<string, unknown>>
  /** sha256 in hex, as DESIGN.md section 3 defines it. */
  readonly digest: string
  /** What it refers to in its own namespace. */
  readonly references: readonly Reference[]
}

export interface Reference {
  readonly to: Identity
  readonly access: StreamUse['access'] | 'use'
  /** Where in the spec it stands. */
  readonly path: readonly (string | number)[]
}
