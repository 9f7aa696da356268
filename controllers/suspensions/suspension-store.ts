/**
 * What is suspended, in the catalog's file; read once, when it opens.
 *
 * A source stands under `source NAME`, a resource under its identityKey.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Suspension } from '../plan/observed.ts'

export interface SuspensionStore {
  all(): ReadonlyMap<string, Suspension>
  put(key: string, suspension: Suspension): void
  remove(key: string): void
}

export function suspensionsIn(file: DatabaseSync): SuspensionStore {
  file.exec(
    'create table if not exists suspensions (key text primary key, suspension text not null) strict',
  )
  const upsert = file.prepare('insert or replace into suspensions values (?, ?)')
  const erase = file.prepare('delete from suspensions where key = ?')
  const known = new Map(
    file
      .prepare('select key, suspension from suspensions')
      .all()
      .map((row) => [String(row['key']), suspensionOf(String(row['suspension']))]),
  )
  return {
    all: () => known,
    put(key, suspension) {
      upsert.run(key, JSON.stringify(suspension))
      known.set(key, suspension)
    },
    remove(key) {
      if (known.delete(key)) erase.run(key)
    },
  }
}

/** JSON drops what is undefined. */
function suspensionOf(text: string): Suspension {
  const { reason, sinceUs, untilUs } = JSON.parse(text) as Partial<Suspension>
  return { reason, sinceUs: sinceUs ?? 0, untilUs }
}
