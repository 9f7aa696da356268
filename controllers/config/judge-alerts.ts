/** Where alerts go, as headgate.yaml says; what its schema cannot say is judged here. */
import { ALERT_EVENTS, type AlertDestination, type AlertEvent } from '../alerts/alert.ts'
import type { ProblemList } from '../sets/problem-list.ts'

export const ALERT_DESTINATIONS_MAX = 16
export const ALERT_EVENT_NAMES: readonly AlertEvent[] = Object.keys(
  ALERT_EVENTS,
) as readonly AlertEvent[]

/** What the schema refuses is told by it alone. An address may hold a token, so that no message repeats it. */
export function judgeAlerts(value: unknown, list: ProblemList): readonly AlertDestination[] {
  const section = (value as { readonly alerts?: unknown } | null)?.alerts
  if (!Array.isArray(section)) return []
  const judged: AlertDestination[] = []
  section.forEach((entry: unknown, index) => {
    const { url, events = ALERT_EVENT_NAMES } = (entry ?? {}) as Partial<AlertDestination>
    if (typeof url !== 'string') return
    const protocol = URL.canParse(url) ? new URL(url).protocol : ''
    if (protocol !== 'http:' && protocol !== 'https:')
      list.add({
        layer: 'schema',
        code: 'FieldInvalid',
        path: ['alerts', index, 'url'],
        at: 'value',
        message: 'expected an address that begins with http:// or https://, got something else',
        expected: 'https://HOST/PATH',
      })
    else judged.push({ url, events })
  })
  return judged
}
