/**
 * Reading one shard from its start, the files in the page cache: batches as they lie on the disk, verified and not
 * decoded; against a plain read and crc32 of a file as large.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { encodeBatch } from '../../engine/log/batch.ts'
import { median, round } from '../figures.ts'
import {
  type BenchStream,
  createStream,
  openBenchEngine,
  RECORD_BYTES,
  settled,
} from './bench-engine.ts'
import type { BenchLength } from './length.ts'
import type { Row } from './row.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { WatchedDisk } from './watched-disk.ts'

const BYTES_PER_SECOND_LEAST = 2e9
const BYTES_PER_READ = 1024 * 1024
const RECORDS_PER_BATCH = 64
const SETTLE_MS_MAX = 20_000

export async function benchSequentialRead(length: BenchLength): Promise<readonly Row[]> {
  using directory = temporaryDirectory()
  const stream = await fill(directory.path, length.dataBytes)
  const plainPath = join(directory.path, 'plain')
  await writePlain(plainPath, length.dataBytes)
  const rates: number[] = []
  const plain: number[] = []
  const disk = new WatchedDisk()
  // Opened anew, so that the records lie where an opening leaves them and not in the memory that wrote them.
  await using engine = await openBenchEngine(directory.path, disk)
  await settled(disk, 500, SETTLE_MS_MAX)
  for (let count = 0; count < length.rounds + 1; count++) {
    const ownRate = await timed(async () => {
      const position = await engine.log.resolve({ ...stream, shard: 0 }, { kind: 'earliest' })
      await using reader = engine.log.open(position)
      let bytes = 0
      for (;;) {
        const read = await reader.next(BYTES_PER_READ, 0)
        if (read === undefined) return bytes
        bytes += read.bytes.length
      }
    })
    const plainRate = await timed(() => readPlain(plainPath))
    // The first round only brings the files into the page cache.
    if (count === 0) continue
    rates.push(ownRate)
    plain.push(plainRate)
  }
  const rate = median(rates)
  return [
    {
      what: 'sequential read, undecoded verified batches, cached',
      target: '≥ 2 GB/s',
      figure: `${round(rate / 1e9, 2)} GB/s`,
      beside: `read + crc32 ${round(median(plain) / 1e9, 2)} GB/s`,
      ratio: rate / median(plain),
      met: rate >= BYTES_PER_SECOND_LEAST,
      note: `${RECORDS_PER_BATCH} KiB batches, 1 MiB a read`,
    },
  ]
}

async function fill(directory: string, bytes: number): Promise<BenchStream> {
  await using engine = await openBenchEngine(directory)
  const stream = await createStream(engine, 'bench', 1)
  const data = Buffer.alloc(RECORD_BYTES, 'x')
  const batch = encodeBatch(Array.from({ length: RECORDS_PER_BATCH }, () => ({ data })))
  const appends = Array.from({ length: 16 }, () => ({ ...stream, shard: 0, batch }))
  const sets = bytes / (RECORDS_PER_BATCH * RECORD_BYTES * appends.length)
  for (let count = 0; count < sets; count++) await engine.log.write({ appends })
  return stream
}

async function writePlain(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'wx')
  const block = Buffer.alloc(BYTES_PER_READ, 'x')
  for (let at = 0; at < bytes; at += block.length) await file.write(block)
  await file.close()
}

/** Bytes per second. */
async function timed(read: () => Promise<number>): Promise<number> {
  const startedMs = performance.now()
  const bytes = await read()
  return bytes / ((performance.now() - startedMs) / 1000)
}

async function readPlain(path: string): Promise<number> {
  const file = await open(path)
  let bytes = 0
  for (;;) {
    const into = Buffer.allocUnsafe(BYTES_PER_READ)
    const { bytesRead } = await file.read(into, 0, into.length, bytes)
    if (bytesRead === 0) break
    crc32(into.subarray(0, bytesRead))
    bytes += bytesRead
  }
  await file.close()
  return bytes
}
