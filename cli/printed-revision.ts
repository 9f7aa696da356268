/** Revisions as the native API answers them; see api/native/revision-answer.ts. */
import type { PrintedChange } from './printed-plan.ts'

export interface PrintedHistory {
  readonly source: string
  readonly pinned: PrintedPin | null
  /** Newest first. */
  readonly revisions: readonly RevisionSummary[]
}

export interface PrintedPin {
  readonly revision: number
  readonly since: string
  readonly reason?: string
}

export interface RevisionSummary {
  readonly revision: number
  readonly setDigest: string
  readonly started: string
  readonly elapsedMs: number
  readonly outcome: string
  readonly cause: string
  readonly declared: number
  /** Verb → how many; `failed` counts what could not be carried out. */
  readonly counts: Readonly<Record<string, number>>
}

export interface PrintedRevision extends RevisionSummary {
  readonly source: string
  readonly actionCount: number
  readonly actions: readonly RevisionActionJson[]
}

export interface RevisionActionJson {
  readonly verb: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly risk: string
  readonly reason: string
  readonly changes: readonly PrintedChange[]
  readonly error?: { readonly code: string; readonly message: string }
}

export interface RevisionDifferenceJson {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly change: 'added' | 'changed' | 'removed'
  readonly changes: readonly PrintedChange[]
}
