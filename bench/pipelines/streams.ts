/** stream → mapping → stream, durable and exactly once, beside bare appends of what went in on the same engine. */
import { join } from 'node:path'
import { judged, type Row } from '../engine/row.ts'
import { round, thousands } from '../figures.ts'
import { type PipelinesLength, SIZES } from './length.ts'
import { ratesOf } from './rows.ts'
import { cpuUsOf, measuredProcess, peakOf, rateOf, type Sample } from './sample.ts'

const LEAST_OF_BARE = 0.5
const STREAMS = join(import.meta.dirname, 'streams-process.ts')

export async function benchStreams({ rounds, streamed }: PipelinesLength): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { name, bytes, items } of SIZES) {
    const own: Sample[] = []
    const bare: Sample[] = []
    for (let count = 0; count < rounds; count++) {
      const given = [`${streamed}`, `${bytes}`, `${items}`]
      const [piped, appended] = await measuredProcess(STREAMS, given).samples
      if (piped !== undefined) own.push(piped)
      if (appended !== undefined) bare.push(appended)
    }
    const figures = {
      what: `stream → mapping → stream, exactly once, ${name}`,
      figure: `${ratesOf(own, bytes)}, ${round(cpuUsOf(own), 2)} µs CPU a record`,
      beside: `bare appends ${thousands(rateOf(bare))} rec/s, ${round(cpuUsOf(bare), 2)} µs`,
      note: `peak ${round(peakOf(own), 0)} MiB`,
    }
    rows.push(judged(figures, rateOf(own) / rateOf(bare), { least: LEAST_OF_BARE }))
  }
  return rows
}
