/** From the write of one file of the large folder to Ready, as a client sees it. */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { printRow, quantile, round } from '../figures.ts'
import { BASE, type LargeServer, untilReady } from './large-server.ts'
import type { LargeFile } from './large-set.ts'

const EDITS = 60
const PAUSE_MS = 150

export async function benchEdits(server: LargeServer, files: readonly LargeFile[]): Promise<void> {
  const streams = files.filter(({ path }) => /\/stream-\d/.test(path))
  const editsMs: number[] = []
  const cpuFrom = server.cpuMs()
  for (let edit = 0; edit < EDITS; edit++) {
    const file = streams[(edit * 37) % streams.length]
    if (file === undefined) return
    const startedMs = performance.now()
    writeFileSync(server.path(file.path), file.text(`edit-${edit}`))
    await untilReady(
      server,
      `streams/${file.path.replace('/', '-').replace('.yaml', '')}`,
      `edit-${edit}`,
    )
    editsMs.push(performance.now() - startedMs)
    await sleep(PAUSE_MS)
  }
  const cpuMs = (server.cpuMs() - cpuFrom) / EDITS
  const getsMs: number[] = []
  for (let count = 0; count < EDITS; count++) {
    const startedMs = performance.now()
    await (await fetch(`${server.url}${BASE}/namespaces/default/streams/team-0-stream-0`)).text()
    getsMs.push(performance.now() - startedMs)
  }
  printRow('one edit → Ready', {
    p50: `${round(quantile(editsMs, 0.5))} ms`,
    p99: `${round(quantile(editsMs, 0.99))} ms`,
    cpu: `${round(cpuMs, 0)} ms`,
    'one GET': `${round(quantile(getsMs, 0.5))} ms`,
    ratio: round(quantile(editsMs, 0.5) / quantile(getsMs, 0.5)),
  })
}
