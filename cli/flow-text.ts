/** How a Pipeline or Sink flows, for `describe`: how long delivery takes, and how far it is behind. */
import { counted, durationText } from './amounts.ts'
import { behindText } from './groups.ts'
import { aligned } from './table.ts'

/** As the API answers it. */
export interface FlowStatus {
  readonly running: boolean
  readonly delivered?: number
  readonly latencySeconds?: { readonly p50: number; readonly p99: number } | null
  readonly deadLetters?: readonly { readonly stream: string; readonly letters: number }[]
  readonly streams?: readonly {
    readonly stream: string
    readonly lag: { readonly records: number; readonly seconds: number | null }
  }[]
}

/** Empty for what does not run. */
export function flowText(flow: FlowStatus): string {
  const { running, delivered = 0, latencySeconds, deadLetters = [], streams } = flow
  if (!running) return ''
  const letters = deadLetters
    .filter((made) => made.letters > 0)
    .map((made, index) => [
      index === 0 ? 'As letters:' : '',
      `${made.stream}: ${counted(made.letters, 'message')} of these`,
    ])
  const latency =
    latencySeconds === undefined || latencySeconds === null
      ? ''
      : `; half within ${durationText(latencySeconds.p50)}, 99 of 100 within ${durationText(latencySeconds.p99)}`
  const behind = (streams ?? []).map(({ stream, lag: { records, seconds } }, index) => [
    index === 0 ? 'Behind:' : '',
    records === 0
      ? `${stream}: nothing`
      : [`${stream}: ${counted(records, 'record')}`, behindText(seconds)]
          .filter(Boolean)
          .join(', '),
  ])
  return aligned([
    ['Delivered:', `${counted(delivered, 'message')}${latency}`],
    ...letters,
    ...behind,
  ])
}
