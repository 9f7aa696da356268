/**
 * What the declarations of Pipelines and Sinks asked to reset and was carried out, in the catalog's file; read once,
 * when it opens.
 *
 * A reset is written down before its first step, with the positions of before and after, and done with its last. So
 * whoever finds one that is open after a crash can repeat it or take it back, and nothing else runs before that. Writes
 * wait for the disk: the log that holds the positions does.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { GroupOffset } from '../../engine/streams/groups.ts'

/** One that was done before these may be done once more, where it is declared again. */
export const RESETS_KEPT = 100

export interface ResetState {
  readonly open: OpenReset | undefined
  /** Digests of what was carried out, the newest last. */
  readonly done: readonly string[]
  /** By its declaration or by hand. */
  readonly last: LastReset | undefined
}

export interface OpenReset {
  readonly digest: string
  /**
   * `moving`: nothing has run since before its first step, and its positions are set again. `moved`: they are where
   * they should be, and what was declared with it may have run. `returning`: they go back to where they were.
   */
  readonly phase: 'moving' | 'moved' | 'returning'
  readonly before: readonly GroupOffsets[]
  readonly after: readonly GroupOffsets[]
  readonly result: LastReset
}

export interface GroupOffsets {
  readonly group: string
  readonly offsets: readonly GroupOffset[]
}

export interface LastReset {
  readonly atUs: number
  /** Undefined for one by hand. */
  readonly id: string | undefined
  readonly to: string
  /** It stood somewhere already when it was declared, and was left there. */
  readonly kept?: true
  readonly readAgain: number
  readonly skipped: number
}

export const NO_RESETS: ResetState = { open: undefined, done: [], last: undefined }

export interface ResetStore {
  /** By identityKey. */
  get(key: string): ResetState
  put(key: string, state: ResetState): void
  remove(key: string): void
}

export interface LoadedResets {
  readonly resets: ResetStore
  /** After a write that was rolled back: memory is as the file again. */
  readonly reload: () => void
}

export function resetsIn(file: DatabaseSync): LoadedResets {
  file.exec('create table if not exists resets (key text primary key, state text not null) strict')
  const select = file.prepare('select key, state from resets')
  const upsert = file.prepare('insert or replace into resets values (?, ?)')
  const erase = file.prepare('delete from resets where key = ?')
  const known = new Map<string, ResetState>()
  const reload = (): void => {
    known.clear()
    for (const row of select.all())
      known.set(String(row['key']), JSON.parse(String(row['state'])) as ResetState)
  }
  reload()
  return {
    reload,
    resets: {
      get: (key) => known.get(key) ?? NO_RESETS,
      put(key, state) {
        const kept = { ...state, done: state.done.slice(-RESETS_KEPT) }
        const isAlone = !file.isTransaction
        if (isAlone) file.exec('pragma synchronous = full')
        upsert.run(key, JSON.stringify(kept))
        if (isAlone) file.exec('pragma synchronous = normal')
        known.set(key, kept)
      },
      remove(key) {
        if (known.delete(key)) erase.run(key)
      },
    },
  }
}
