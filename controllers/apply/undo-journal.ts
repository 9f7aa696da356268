/**
 * What an atomic set has begun and not yet finished, in the catalog's file: enough to take all of it back.
 *
 * It is written in one atom with the intents, before the first step, and goes in one atom with the last. Whoever finds
 * it after a crash takes back what it names, unless what was to be made durable is.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Identity } from '../../crds/resource.ts'
import type { CatalogEntry } from '../catalog/catalog.ts'
import type { GivenApproval } from '../plan/observed.ts'
import type { Verb } from '../plan/plan.ts'
import type { Resource } from '../sets/resource-set.ts'

export interface Undo {
  readonly source: string
  /** Of the set that was being applied. */
  readonly setDigest: string
  /** Of the files that hold it, where it was posted: once they are durable, nothing is taken back. */
  readonly filesDigest: string | undefined
  /** In the order in which they are carried out. */
  readonly steps: readonly UndoStep[]
  /** Approvals as they were: what was spent is given back. */
  readonly approvals: readonly GivenApproval[]
}

export interface UndoStep {
  readonly verb: Verb
  readonly identity: Identity
  /** What the catalog had of it. */
  readonly entry: CatalogEntry | undefined
  /** What was in force, whoever owned it. */
  readonly former: FormerResource | undefined
}

export interface FormerResource {
  readonly resource: Resource
  readonly uid: string
  readonly owner: string
  /** It was retained, for its owner. */
  readonly sealed: boolean
}

export interface UndoJournal {
  /** At most one a source. */
  all(): readonly Undo[]
  of(source: string): Undo | undefined
  put(undo: Undo): void
  remove(source: string): void
}

export function undoJournalIn(file: DatabaseSync): UndoJournal {
  file.exec('create table if not exists undo (source text primary key, undo text not null) strict')
  const select = file.prepare('select undo from undo where source = ?')
  const upsert = file.prepare('insert or replace into undo values (?, ?)')
  const erase = file.prepare('delete from undo where source = ?')
  const selectAll = file.prepare('select undo from undo')
  return {
    all: () => selectAll.all().map((row) => JSON.parse(String(row['undo'])) as Undo),
    of(source) {
      const row = select.get(source)
      return row === undefined ? undefined : (JSON.parse(String(row['undo'])) as Undo)
    },
    put(undo) {
      upsert.run(undo.source, JSON.stringify(undo))
    },
    remove(source) {
      erase.run(source)
    },
  }
}
