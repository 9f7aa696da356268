/** What a reset of a pipeline means, shard by shard, for people; see api/native/pipeline-resets.ts. */
import { byteText } from '../crds/size.ts'
import { counted } from './amounts.ts'
import type { PrintedAmount } from './printed-plan.ts'
import { aligned } from './table.ts'

export interface PrintedReset {
  readonly dryRun: boolean
  readonly runs: boolean
  readonly readAgain: PrintedAmount
  readonly skipped: PrintedAmount
  readonly streams: readonly {
    readonly stream: string
    readonly group: string
    readonly shards: readonly PrintedMove[]
  }[]
}

interface PrintedMove {
  readonly shard: number
  readonly committed: number | null
  readonly from: number
  readonly to: number
  readonly readAgain: PrintedAmount
  readonly skipped: PrintedAmount
  /** The sequence that was asked for and is gone. */
  readonly gone?: number
}

const HEAD = ['STREAM', 'SHARD', 'FROM', 'TO', 'READ AGAIN', 'SKIPPED', 'OLDEST']

export function resetText(reset: PrintedReset): string {
  const rows = reset.streams.flatMap(({ stream, shards }) =>
    shards.map(({ shard, committed, to, readAgain, skipped }) => [
      stream,
      String(shard),
      committed === null ? '-' : String(committed),
      String(to),
      amountText(readAgain),
      amountText(skipped),
      readAgain.oldest ?? skipped.oldest ?? '',
    ]),
  )
  const gone = reset.streams.flatMap(({ stream, shards }) =>
    shards.flatMap(({ shard, gone, to }) =>
      gone === undefined
        ? []
        : [`Shard ${shard} of ${stream}: ${gone} is gone by retention; the earliest is ${to}.\n`],
    ),
  )
  return `${aligned([HEAD, ...rows])}${gone.join('')}${sentences(reset)}`
}

/** `3 records (1.2 KiB) are read again` */
export function summaryText({ readAgain, skipped }: PrintedReset): string {
  const parts = [
    ...(readAgain.records === 0 ? [] : [`${whole(readAgain)} ${are(readAgain)} read again`]),
    ...(skipped.records === 0 ? [] : [`${whole(skipped)} ${are(skipped)} skipped`]),
  ]
  return parts.length === 0 ? 'no record is read again or skipped.' : `${parts.join(', ')}.`
}

export function movesNothing({ streams }: PrintedReset): boolean {
  return streams.every(({ shards }) => shards.every(({ committed, to }) => committed === to))
}

function sentences({ readAgain, skipped }: PrintedReset): string {
  const lines = [
    ...(readAgain.records === 0
      ? []
      : [`Reads ${whole(readAgain)} again: what it makes of them is written again.`]),
    ...(skipped.records === 0
      ? []
      : [`Skips ${whole(skipped)}: they stay in the stream, and it never reads them.`]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function whole({ records, bytes }: PrintedAmount): string {
  return `${counted(records, 'record')} (${byteText(bytes)})`
}

function amountText({ records, bytes }: PrintedAmount): string {
  return records === 0 ? '-' : `${records} (${byteText(bytes)})`
}

function are({ records }: PrintedAmount): string {
  return records === 1 ? 'is' : 'are'
}
