/** The figures of one row: ours beside the same work by hand, by CPU a record. */

import { judged, type Row } from '../engine/row.ts'
import { round, thousands } from '../figures.ts'
import { cpuUsOf, peakOf, rateOf, type Sample } from './sample.ts'

const MOST_OF_BY_HAND = 1.5

export function besideByHand(
  what: string,
  bytes: number,
  own: readonly Sample[],
  byHand: readonly Sample[],
): Row {
  const figures = {
    what,
    figure: `${round(cpuUsOf(own), 2)} µs CPU a record, ${ratesOf(own, bytes)}`,
    beside: `by hand ${round(cpuUsOf(byHand), 2)} µs, ${thousands(rateOf(byHand))} rec/s`,
    note: `peak ${round(peakOf(own), 0)} MiB, by hand ${round(peakOf(byHand), 0)} MiB`,
  }
  return judged(figures, cpuUsOf(own) / cpuUsOf(byHand), { most: MOST_OF_BY_HAND })
}

export function ratesOf(samples: readonly Sample[], bytes: number): string {
  const rate = rateOf(samples)
  return `${thousands(rate)} rec/s, ${round((rate * bytes) / 1e6)} MB/s`
}
