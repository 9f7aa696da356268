/** What a look at everything costs when nothing changed; asked for by touching a file that holds what it held. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { median, printRow, round } from '../figures.ts'
import type { LargeServer } from './large-server.ts'
import type { LargeFile } from './large-set.ts'

const LOOKS = 7
/** Longer than a file's times are doubted after a change, and than the sweep that follows a hint. */
const REST_MS = 5_000

export async function benchNothingToDo(
  server: LargeServer,
  files: readonly LargeFile[],
): Promise<void> {
  const [file] = files
  if (file === undefined) return
  await sleep(REST_MS)
  const idleFrom = server.cpuMs()
  await sleep(REST_MS)
  const idleMs = server.cpuMs() - idleFrom
  const catalog = join(server.folder, '../data/catalog.sqlite-wal')
  const looks: number[] = []
  const before = statSync(catalog, { throwIfNoEntry: false })?.mtimeMs
  for (let look = 0; look < LOOKS; look++) {
    const from = server.cpuMs()
    writeFileSync(server.path(file.path), readFileSync(server.path(file.path)))
    await sleep(REST_MS)
    looks.push(server.cpuMs() - from)
  }
  const after = statSync(catalog, { throwIfNoEntry: false })?.mtimeMs
  printRow('a narrow look and a sweep, nothing to do', {
    'cpu p50': `${round(median(looks), 0)} ms`,
    worst: `${round(Math.max(...looks), 0)} ms`,
    [`idle ${REST_MS / 1_000} s`]: `${round(idleMs, 0)} ms`,
    writes: before === after ? 'none' : 'some',
    rss: `${round(server.rssMiB(), 0)} MiB`,
  })
}
