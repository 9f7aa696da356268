/**
 * The catalog over its SQLite file. Entries are read once, when it opens, and then kept in memory beside the file, so
 * that a look that changes nothing touches no disk.
 */
import type { DatabaseSync } from 'node:sqlite'
import { type Identity, identityKey } from '../../crds/resource.ts'
import { deliveredIn } from '../alerts/delivered-alerts.ts'
import { undoJournalIn } from '../apply/undo-journal.ts'
import { pinsIn } from '../history/pin-store.ts'
import { revisionsIn } from '../history/revision-store.ts'
import { APPROVAL_VALID_US } from '../plan/destructive-digest.ts'
import { PRUNE_WINDOW_US } from '../plan/prune-budget.ts'
import { resetsIn } from '../resets/reset-store.ts'
import { suspensionsIn } from '../suspensions/suspension-store.ts'
import type {
  ApprovalStore,
  Catalog,
  CatalogEntries,
  PruneLog,
  SourceLocations,
  StoredEntry,
} from './catalog.ts'
import { openCatalogFile } from './catalog-file.ts'
import { ownershipIn } from './ownership-store.ts'

/**
 * Numbers are taken in portions, so that one that is written nowhere costs no write. What a process did not use of its
 * last portion is skipped: a number is never given twice.
 */
const REVISIONS_RESERVED = 1000

export function openCatalog(path: string): Catalog {
  const file = openCatalogFile(path)
  const { entries, reload } = entriesIn(file)
  const { pins, reload: reloadPins } = pinsIn(file)
  const { ownership, reload: reloadOwnership } = ownershipIn(file)
  const { resets, reload: reloadResets } = resetsIn(file)
  let depth = 0
  const atomically = <T>(write: () => T): T => {
    if (depth > 0) return write()
    depth = 1
    file.exec('begin immediate')
    try {
      const result = write()
      file.exec('commit')
      return result
    } catch (error) {
      if (file.isTransaction) file.exec('rollback')
      reload()
      reloadPins()
      reloadOwnership()
      reloadResets()
      throw error
    } finally {
      depth = 0
    }
  }
  return {
    entries,
    approvals: approvalsIn(file),
    prunes: prunesIn(file),
    locations: locationsIn(file),
    revisions: revisionsIn(file, atomically),
    pins,
    suspensions: suspensionsIn(file),
    alerts: deliveredIn(file),
    ownership,
    undo: undoJournalIn(file),
    resets,
    atomically,
    [Symbol.dispose]() {
      if (file.isOpen) file.close()
    },
  }
}

interface LoadedEntries {
  readonly entries: CatalogEntries
  /** After a write that was rolled back: memory is as the file again. */
  readonly reload: () => void
}

function entriesIn(file: DatabaseSync): LoadedEntries {
  const entries = new Map<string, StoredEntry>()
  const select = file.prepare('select key, revision, entry from resources')
  const counter = file.prepare("select value from counters where name = 'revision'")
  const listeners = new Set<(identity: Identity) => void>()
  /** Of the last write. */
  let revision = 0
  /** The last number given, and the last that may be given before the file says so. */
  let drawn = 0
  let reserved = 0
  const reload = (): void => {
    entries.clear()
    revision = 0
    for (const row of select.all()) {
      const stored = Number(row['revision'])
      entries.set(String(row['key']), { ...JSON.parse(String(row['entry'])), revision: stored })
      revision = Math.max(revision, stored)
    }
    reserved = Number(counter.get()?.['value'] ?? 0)
  }
  reload()
  drawn = reserved
  const count = file.prepare(
    "insert into counters values ('revision', ?) on conflict (name) do update set value = excluded.value",
  )
  const write = file.prepare(
    'insert into resources values (?, ?, ?) on conflict (key) do update set revision = excluded.revision, entry = excluded.entry',
  )
  const erase = file.prepare('delete from resources where key = ?')
  const next = (): number => {
    drawn += 1
    if (drawn > reserved) {
      reserved = drawn + REVISIONS_RESERVED
      count.run(reserved)
    }
    return drawn
  }
  const written = (identity: Identity): void => {
    for (const listener of listeners) listener(identity)
  }
  const stored: CatalogEntries = {
    all: () => entries,
    get: (key) => entries.get(key),
    put(entry) {
      const key = identityKey(entry.identity)
      revision = next()
      const stored: StoredEntry = { ...entry, revision }
      write.run(key, revision, JSON.stringify(stored))
      entries.set(key, stored)
      written(entry.identity)
      return stored
    },
    remove(key) {
      const entry = entries.get(key)
      if (entry === undefined) return
      entries.delete(key)
      revision = next()
      erase.run(key)
      written(entry.identity)
    },
    revision: () => revision,
    drawRevision: next,
    watch(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
  }
  return { entries: stored, reload }
}

function approvalsIn(file: DatabaseSync): ApprovalStore {
  const select = file.prepare(
    'select digest, given_us from approvals where source = ? and given_us > ? order by given_us',
  )
  const insert = file.prepare('insert or replace into approvals values (?, ?, ?)')
  const erase = file.prepare('delete from approvals where source = ? and digest = ?')
  const expire = file.prepare('delete from approvals where given_us <= ?')
  return {
    of: (source, nowUs) =>
      select.all(source, nowUs - APPROVAL_VALID_US).map((row) => ({
        digest: String(row['digest']),
        givenUs: Number(row['given_us']),
      })),
    give(source, { digest, givenUs }) {
      expire.run(givenUs - APPROVAL_VALID_US)
      // What is given back within a larger write is as durable as that one.
      const isAlone = !file.isTransaction
      if (isAlone) file.exec('pragma synchronous = full')
      insert.run(source, digest, givenUs)
      if (isAlone) file.exec('pragma synchronous = normal')
    },
    spend(source, digest) {
      erase.run(source, digest)
    },
  }
}

function prunesIn(file: DatabaseSync): PruneLog {
  const select = file.prepare('select kind, at_us from prunes where source = ? and at_us > ?')
  const insert = file.prepare('insert or replace into prunes values (?, ?, ?, ?)')
  const erase = file.prepare('delete from prunes where source = ? and key = ?')
  const expire = file.prepare('delete from prunes where at_us <= ?')
  return {
    of: (source, nowUs) =>
      select.all(source, nowUs - PRUNE_WINDOW_US).map((row) => ({
        kind: String(row['kind']) as ReturnType<PruneLog['of']>[number]['kind'],
        atUs: Number(row['at_us']),
      })),
    add(source, identity, atUs) {
      expire.run(atUs - PRUNE_WINDOW_US)
      insert.run(source, identityKey(identity), identity.kind, atUs)
    },
    forget(source, identity) {
      erase.run(source, identityKey(identity))
    },
  }
}

function locationsIn(file: DatabaseSync): SourceLocations {
  const select = file.prepare('select location from locations where source = ?')
  const upsert = file.prepare(
    'insert into locations values (?, ?) on conflict (source) do update set location = excluded.location',
  )
  return {
    get(source) {
      const row = select.get(source)
      return row === undefined ? undefined : String(row['location'])
    },
    set(source, location) {
      upsert.run(source, location)
    },
  }
}
