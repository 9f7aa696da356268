/** From the start of the process to the end of its first plan, carried out: with nothing there, and with all of it there. */
import { printRow, round } from '../figures.ts'
import { openLargeServer } from './large-server.ts'

export async function benchStart(options: {
  readonly folder: string
  readonly dataDirectory: string
}): Promise<void> {
  for (const name of ['first start, all to be made', 'start, all as declared']) {
    const startedMs = performance.now()
    await using server = await openLargeServer(options)
    printRow(name, {
      took: `${round((performance.now() - startedMs) / 1_000)} s`,
      cpu: `${round(server.cpuMs() / 1_000)} s`,
      rss: `${round(server.rssMiB(), 0)} MiB`,
    })
    await server.stop()
  }
}
