/** Everything that there is, listed through the API. */
import { median, printRow, round } from '../figures.ts'
import { BASE, type LargeServer } from './large-server.ts'

const TIMES = 5
const PLURALS = ['streams', 'streamtypes', 'accesspolicies', 'pipelines', 'sinks']

export async function benchLists(server: LargeServer): Promise<void> {
  const tookMs: number[] = []
  let bytes = 0
  for (let time = 0; time < TIMES; time++) {
    const startedMs = performance.now()
    bytes = 0
    for (const plural of PLURALS)
      bytes += (await (await fetch(`${server.url}${BASE}/${plural}`)).arrayBuffer()).byteLength
    tookMs.push(performance.now() - startedMs)
  }
  printRow('a list of everything', {
    p50: `${round(median(tookMs), 0)} ms`,
    worst: `${round(Math.max(...tookMs), 0)} ms`,
    size: `${round(bytes / 1024 / 1024)} MiB`,
  })
}
