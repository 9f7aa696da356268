/** What a hundred clients that watch cost for each change: the CPU of edits with them less the CPU of edits without. */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { printRow, round } from '../figures.ts'
import { BASE, type LargeServer, untilReady } from './large-server.ts'
import type { LargeFile } from './large-set.ts'

const WATCHERS = 100
const EDITS = 30

export async function benchWatchers(
  server: LargeServer,
  files: readonly LargeFile[],
): Promise<void> {
  const alone = await cpuOfEdits(server, files, 'alone')
  const closing = new AbortController()
  const list = await fetch(`${server.url}${BASE}/streams?limit=1`)
  const { metadata } = (await list.json()) as {
    readonly metadata: { readonly resourceVersion: string }
  }
  let events = 0
  const watching = Array.from({ length: WATCHERS }, async () => {
    const query = `watch=true&resourceVersion=${metadata.resourceVersion}`
    const response = await fetch(`${server.url}${BASE}/streams?${query}`, {
      signal: closing.signal,
    })
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? [])
      events += decoder.decode(chunk as Uint8Array, { stream: true }).split('\n').length - 1
  })
  await sleep(1_000)
  events = 0
  const watched = await cpuOfEdits(server, files, 'watched')
  await sleep(500)
  closing.abort()
  await Promise.allSettled(watching)
  printRow(`${WATCHERS} watchers`, {
    'cpu a change': `${round(watched - alone)} ms`,
    'of each': `${round((watched - alone) / WATCHERS, 3)} ms`,
    events: `${round(events / EDITS / WATCHERS)} a change`,
  })
}

async function cpuOfEdits(
  server: LargeServer,
  files: readonly LargeFile[],
  label: string,
): Promise<number> {
  const file = files.find(({ path }) => /\/stream-1\./.test(path))
  if (file === undefined) return 0
  const name = `streams/${file.path.replace('/', '-').replace('.yaml', '')}`
  await sleep(4_000)
  const from = server.cpuMs()
  for (let edit = 0; edit < EDITS; edit++) {
    writeFileSync(server.path(file.path), file.text(`${label}-${edit}`))
    await untilReady(server, name, `${label}-${edit}`)
    await sleep(20)
  }
  return (server.cpuMs() - from) / EDITS
}
