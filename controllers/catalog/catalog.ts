/**
 * The control plane's memory: who owns what, what was accepted last, approvals, what was pruned lately, and
 * what each source did.
 *
 * The engine decides which streams exist; losing the catalog costs approvals and history, never a stream. Reads are
 * from memory; every write is in the file before the call returns.
 */
import type { Identity } from '../../crds/resource.ts'
import type { DeliveredAlerts } from '../alerts/delivered-alerts.ts'
import type { UndoJournal } from '../apply/undo-journal.ts'
import type { PinStore } from '../history/pin-store.ts'
import type { RevisionStore } from '../history/revision-store.ts'
import type { GivenApproval, Pruned } from '../plan/observed.ts'
import type { ResetStore } from '../resets/reset-store.ts'
import type { Place } from '../sets/problem.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { SuspensionStore } from '../suspensions/suspension-store.ts'
import type { OwnershipStore } from './ownership-store.ts'

export interface Catalog extends Disposable {
  readonly entries: CatalogEntries
  readonly approvals: ApprovalStore
  readonly prunes: PruneLog
  readonly locations: SourceLocations
  readonly revisions: RevisionStore
  readonly pins: PinStore
  readonly suspensions: SuspensionStore
  readonly alerts: DeliveredAlerts
  readonly ownership: OwnershipStore
  readonly undo: UndoJournal
  readonly resets: ResetStore
  /** Everything written inside is one atom: all of it survives a crash, or nothing. */
  atomically<T>(write: () => T): T
}

export interface CatalogEntry {
  readonly identity: Identity
  readonly uid: string
  readonly id: string
  /** The source's name; empty for what nobody owns. */
  readonly owner: string
  /** What was applied last. */
  readonly accepted: Resource | undefined
  /** What is being applied: written before the first step, gone after the last. */
  readonly pending: Resource | undefined
  /** A removal that was decided: written before the first step. */
  readonly removal: 'delete' | 'retain' | undefined
  /** Counts normalised changes of the spec, from 1. */
  readonly generation: number
  /** The generation that runs. */
  readonly observedGeneration: number
  readonly createdUs: number
  readonly origin: Place | undefined
  /** The digest whose finite input has ended: it is not run again. */
  readonly completed: string | undefined
  /** How long what ended had run. */
  readonly ranMs?: number | undefined
}

export interface StoredEntry extends CatalogEntry {
  /** The sequence number of its last write: its resourceVersion. */
  readonly revision: number
}

export interface CatalogEntries {
  all(): ReadonlyMap<string, StoredEntry>
  get(key: string): StoredEntry | undefined
  put(entry: CatalogEntry): StoredEntry
  remove(key: string): void
  /** The last sequence number given to a write. */
  revision(): number
  /** The next number of the same sequence, for a change that is written nowhere. */
  drawRevision(): number
  /** Called after each write with what it was about; the write may yet be rolled back. */
  watch(listener: (identity: Identity) => void): Disposable
}

export interface ApprovalStore {
  /** Of this source, newest last; those whose day has passed are left out. */
  of(source: string, nowUs: number): readonly GivenApproval[]
  give(source: string, approval: GivenApproval): void
  spend(source: string, digest: string): void
}

export interface PruneLog {
  /** Of this source within the last hour. */
  of(source: string, nowUs: number): readonly Pruned[]
  /** Counting the same resource twice counts it once. */
  add(source: string, identity: Identity, atUs: number): void
  /** What came back no longer counts. */
  forget(source: string, identity: Identity): void
}

export interface SourceLocations {
  get(source: string): string | undefined
  set(source: string, location: string): void
}
