/** Which alerts each destination knows of, in the catalog's file: after a restart nothing is told twice. */
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { type Alert, alertKey } from './alert.ts'

export interface DeliveredAlerts {
  /** By alertKey. */
  of(url: string): ReadonlyMap<string, Alert>
  /** It was told that these are so, and that those are over. */
  tell(url: string, fired: readonly Alert[], resolved: readonly Alert[]): void
}

export function deliveredIn(file: DatabaseSync): DeliveredAlerts {
  file.exec(
    'create table if not exists delivered_alerts (destination text not null, key text not null, alert text not null, primary key (destination, key)) strict',
  )
  const select = file.prepare('select key, alert from delivered_alerts where destination = ?')
  const upsert = file.prepare('insert or replace into delivered_alerts values (?, ?, ?)')
  const erase = file.prepare('delete from delivered_alerts where destination = ? and key = ?')
  const known = new Map<string, Map<string, Alert>>()
  const load = (url: string): Map<string, Alert> => {
    const loaded = known.get(url)
    if (loaded !== undefined) return loaded
    const alerts = new Map<string, Alert>()
    for (const row of select.all(destinationOf(url)))
      alerts.set(String(row['key']), JSON.parse(String(row['alert'])) as Alert)
    known.set(url, alerts)
    return alerts
  }
  return {
    of: load,
    tell(url, fired, resolved) {
      const alerts = load(url)
      const destination = destinationOf(url)
      for (const alert of resolved) {
        erase.run(destination, alertKey(alert))
        alerts.delete(alertKey(alert))
      }
      for (const alert of fired) {
        upsert.run(destination, alertKey(alert), JSON.stringify(alert))
        alerts.set(alertKey(alert), alert)
      }
    },
  }
}

/** An address may hold a token. */
function destinationOf(url: string): string {
  return createHash('sha256').update(url).digest('hex')
}
