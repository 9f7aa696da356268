/**
 * Judges one hostile file, or many damaged ones, in a process of its own, and prints how far memory rose above the
 * idle process, in MiB. It runs with --expose-gc, so that it begins with nothing that was only not collected yet.
 */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { validatePaths } from '../../cli/validate-paths.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { hostileFiles } from './hostile-files.ts'
import { corpus, mutated } from './mutations.ts'

const MIB = 1024 * 1024
const MUTATIONS = 300

const folder = mkdtempSync(join(tmpdir(), 'headgate-memory-'))
const path = join(folder, 'a.yaml')
const files = corpus()
for (const file of files.slice(0, 20)) await judge([file])
globalThis.gc?.()
const idleBytes = process.memoryUsage().rss
const parts = hostileFiles().get(process.argv[2] ?? '')
if (parts !== undefined) await judge(parts())
else {
  for (let seed = 1; seed <= MUTATIONS; seed++) {
    await judge([mutated(files, new SeededRandom(seed))])
  }
}
rmSync(folder, { recursive: true })
process.stdout.write(String(Math.round((process.memoryUsage().rss - idleBytes) / MIB)))

async function judge(bytes: readonly Uint8Array[]): Promise<void> {
  writeFileSync(path, '')
  for (const part of bytes) appendFileSync(path, part)
  await validatePaths([path])
}
