/** Every file rewritten at once, as a checkout does, until the whole folder is as declared again. */

import { until } from '../../test/harness/headgate-process.ts'
import { printRow, round } from '../figures.ts'
import { BASE, type LargeServer } from './large-server.ts'
import { type LargeFile, writeLargeSet } from './large-set.ts'

export async function benchBurst(server: LargeServer, files: readonly LargeFile[]): Promise<void> {
  const startedMs = performance.now()
  const cpuFrom = server.cpuMs()
  writeLargeSet(server.folder, files, 'burst')
  const writtenMs = performance.now() - startedMs
  let left = ['streams', 'streamtypes', 'accesspolicies', 'pipelines', 'sinks']
  await until(
    'the burst to be converged',
    async () => {
      const stale = await Promise.all(left.map((plural) => isStale(server, plural)))
      left = left.filter((_, index) => stale[index])
      return left.length === 0 ? true : undefined
    },
    250,
  )
  printRow('all files rewritten → all as declared', {
    took: `${round((performance.now() - startedMs) / 1_000)} s`,
    'the writes alone': `${round(writtenMs / 1_000)} s`,
    cpu: `${round((server.cpuMs() - cpuFrom) / 1_000)} s`,
    rss: `${round(server.rssMiB(), 0)} MiB`,
  })
}

/** A label selector does the counting, so that asking costs little. */
async function isStale(server: LargeServer, plural: string): Promise<boolean> {
  const query = 'labelSelector=edit%2Cedit%21%3Dburst&limit=1'
  const response = await fetch(`${server.url}${BASE}/${plural}?${query}`)
  const { items } = (await response.json()) as { readonly items: readonly unknown[] }
  return items.length > 0
}
