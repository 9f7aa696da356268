/** To which revision each source is pinned, in the catalog's file; read once, when it opens. */
import type { DatabaseSync } from 'node:sqlite'
import type { Pin } from './history.ts'

export interface PinStore {
  get(source: string): Pin | undefined
  put(pin: Pin): void
  remove(source: string): void
}

export interface LoadedPins {
  readonly pins: PinStore
  /** After a write that was rolled back: memory is as the file again. */
  readonly reload: () => void
}

export function pinsIn(file: DatabaseSync): LoadedPins {
  file.exec('create table if not exists pins (source text primary key, pin text not null) strict')
  const known = new Map<string, Pin>()
  const select = file.prepare('select source, pin from pins')
  const upsert = file.prepare('insert or replace into pins values (?, ?)')
  const erase = file.prepare('delete from pins where source = ?')
  const reload = (): void => {
    known.clear()
    for (const row of select.all())
      known.set(String(row['source']), JSON.parse(String(row['pin'])) as Pin)
  }
  reload()
  return {
    reload,
    pins: {
      get: (source) => known.get(source),
      put(pin) {
        upsert.run(pin.source, JSON.stringify(pin))
        known.set(pin.source, pin)
      },
      remove(source) {
        if (known.delete(source)) erase.run(source)
      },
    },
  }
}
