/**
 * How fast an opening reads what a killed process left in the journal, against a pass over the same files that only
 * reads and sums. The scan is from the first read of the journal to the first call that changes the disk again.
 */
import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { median, round } from '../figures.ts'
import { openBenchEngine } from './bench-engine.ts'
import type { BenchLength } from './length.ts'
import { judged, notMeasured, type Row } from './row.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { WatchedDisk } from './watched-disk.ts'

const CHUNK_BYTES = 1024 * 1024
/** Below the first checkpoint, so that all of it is in the journal still. */
const BYTES_MAX = 48 * 1024 * 1024

export async function benchRecoveryScan(length: BenchLength): Promise<readonly Row[]> {
  return [await measure(length, 64), await measure(length, 1)]
}

async function measure({ rounds, dataBytes }: BenchLength, recordsPerAppend: number): Promise<Row> {
  const what = `recovery scan, ${recordsPerAppend} KiB batches`
  using directory = temporaryDirectory()
  const killed = join(directory.path, 'killed')
  await fillAndKill(killed, Math.min(dataBytes, BYTES_MAX), recordsPerAppend)
  const scans: number[] = []
  const sums: number[] = []
  const opens: number[] = []
  let scannedBytes = 0
  for (let count = 0; count < rounds; count++) {
    const copy = join(directory.path, `copy-${count}`)
    cpSync(killed, copy, { recursive: true })
    sums.push(await sumRate(join(copy, 'journal')))
    const scan = await scanRate(copy)
    if (scan === undefined) return notMeasured(what, '≥ 0.5 times', 'no read of a journal was seen')
    scans.push(scan.bytesPerSecond)
    opens.push(scan.openMs)
    scannedBytes = scan.bytes
  }
  return judged(
    {
      what,
      figure: `${round(median(scans) / 1e9, 2)} GB/s`,
      beside: `read + crc32 ${round(median(sums) / 1e9, 2)} GB/s`,
      note: `${round(scannedBytes / 1e6, 0)} MB scanned, open to ready in ${round(median(opens), 0)} ms`,
    },
    median(scans) / median(sums),
    { least: 0.5 },
  )
}

async function fillAndKill(
  directory: string,
  bytes: number,
  recordsPerAppend: number,
): Promise<void> {
  const program = new URL('./killed-writer.ts', import.meta.url)
  const child = spawn(
    process.execPath,
    [program.pathname, directory, String(bytes), String(recordsPerAppend)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await Promise.race([
    new Promise<void>((resolve) => child.stdout.once('data', () => resolve())),
    gone,
  ])
  if (child.exitCode !== null) throw new Error(`the writer ended with ${child.exitCode}`)
  child.kill('SIGKILL')
  await gone
}

interface Scan {
  readonly bytes: number
  readonly bytesPerSecond: number
  readonly openMs: number
}

async function scanRate(directory: string): Promise<Scan | undefined> {
  const disk = new WatchedDisk()
  let firstMs = 0
  let endMs = 0
  disk.onCall = ({ kind, journal }) => {
    if (kind === 'read' && journal && firstMs === 0) firstMs = performance.now()
    if (kind !== 'read' && kind !== 'open' && firstMs > 0 && endMs === 0) endMs = performance.now()
  }
  const startedMs = performance.now()
  await using _engine = await openBenchEngine(directory, disk)
  const openMs = performance.now() - startedMs
  if (firstMs === 0) return undefined
  if (endMs === 0) endMs = startedMs + openMs
  const bytes = disk.journal.readBytes
  return { bytes, bytesPerSecond: bytes / ((endMs - firstMs) / 1000), openMs }
}

async function sumRate(directory: string): Promise<number> {
  const into = Buffer.allocUnsafe(CHUNK_BYTES)
  const startedMs = performance.now()
  let bytes = 0
  for (const name of await readdir(directory)) {
    const file = await open(join(directory, name))
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(into, 0, into.length, at)
      if (bytesRead === 0) break
      crc32(into.subarray(0, bytesRead))
      at += bytesRead
      bytes += bytesRead
    }
    await file.close()
  }
  return bytes / ((performance.now() - startedMs) / 1000)
}
