/** What people decided about owners and no plan has carried out yet, in the catalog's file; read once, when it opens. */
import type { DatabaseSync } from 'node:sqlite'
import type { OwnershipDecision } from '../plan/observed.ts'

export interface OwnershipStore {
  /** By identityKey. */
  all(): ReadonlyMap<string, OwnershipDecision>
  /** A later decision takes the place of an earlier one. */
  put(key: string, decision: OwnershipDecision): void
  remove(key: string): void
}

export interface LoadedOwnership {
  readonly ownership: OwnershipStore
  /** After a write that was rolled back: memory is as the file again. */
  readonly reload: () => void
}

export function ownershipIn(file: DatabaseSync): LoadedOwnership {
  file.exec(
    'create table if not exists ownership (key text primary key, decision text not null) strict',
  )
  const select = file.prepare('select key, decision from ownership')
  const upsert = file.prepare('insert or replace into ownership values (?, ?)')
  const erase = file.prepare('delete from ownership where key = ?')
  const known = new Map<string, OwnershipDecision>()
  const reload = (): void => {
    known.clear()
    for (const row of select.all())
      known.set(String(row['key']), JSON.parse(String(row['decision'])) as OwnershipDecision)
  }
  reload()
  return {
    reload,
    ownership: {
      all: () => known,
      put(key, decision) {
        upsert.run(key, JSON.stringify(decision))
        known.set(key, decision)
      },
      remove(key) {
        if (known.delete(key)) erase.run(key)
      },
    },
  }
}
