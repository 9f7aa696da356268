/** Shows what lies in segment files, whatever a checkpoint says of them: for people who look for something. */
import type { Disk } from '../../ports/disk.ts'
import { nextSequence } from '../batch-header.ts'
import { dataPaths } from '../data-directory.ts'
import { RecordCursor } from '../record-cursor.ts'
import { openSegmentStore } from '../segments/open-segment-store.ts'
import { readWindow } from '../segments/read-window.ts'
import { decodeSegmentHeader, segmentPath } from '../segments/segment-file.ts'
import { SEGMENT_HEADER_BYTES, type SegmentFileName } from '../segments/segment-store.ts'
import { type DamagedPart, type SoundBatch, soundBatches } from '../segments/walk-segment.ts'
import { type DumpLine, dumpTime } from './dump-line.ts'

export interface DumpSegmentsOptions {
  readonly stream: string | undefined
  readonly shard: number | undefined
  /** Batches that end below are left out. */
  readonly from: number
  readonly withRecords: boolean
}

const TEXT_LENGTH_MAX = 200

export async function* dumpSegments(
  disk: Disk,
  directory: string,
  options: DumpSegmentsOptions,
): AsyncGenerator<DumpLine, void, undefined> {
  const { streams, recycled } = dataPaths(directory)
  await using store = await openSegmentStore({ disk, directory: streams, recycled })
  const files = [...(await store.list())].sort(inOrder)
  const names = await streamNames(disk, streams, files)
  for (const file of files) {
    if (options.shard !== undefined && file.shard !== options.shard) continue
    const stream = names.get(file.incarnation)
    if (options.stream !== undefined && stream !== options.stream) continue
    yield* dumpFile(disk, streams, file, stream, options)
  }
}

async function* dumpFile(
  disk: Disk,
  streams: string,
  name: SegmentFileName,
  stream: string | undefined,
  { from, withRecords }: DumpSegmentsOptions,
): AsyncGenerator<DumpLine, void, undefined> {
  const path = segmentPath(streams, name)
  const file = await disk.files.open(path, 'read')
  try {
    const bytes = await file.size()
    const { incarnation, shard, base, generation } = name
    const header = await headerText(disk, path)
    const what = `segment of ${stream ?? '?'} number ${incarnation}, shard ${shard}, base ${base}, generation ${generation}`
    yield { kind: 'file', path, position: 0, text: `${what}; ${header}; ${bytes} bytes` }
    const segment = { ...name, path, stream: stream ?? '', next: Number.MAX_SAFE_INTEGER, bytes }
    const rest = { records: 0, oldestUs: 0, newestUs: 0, sealed: true }
    const damaged: DamagedPart[] = []
    for await (const batch of soundBatches(file, bytes, { ...segment, ...rest }, damaged)) {
      for (const part of damaged.splice(0)) yield damagedLine(path, part)
      if (nextSequence(batch.header) <= from) continue
      yield batchLine(path, batch)
      if (withRecords) yield* recordLines(path, batch, from)
    }
    for (const part of damaged) yield damagedLine(path, part, bytes)
  } finally {
    await file.close()
  }
}

function batchLine(path: string, { position, header }: SoundBatch): DumpLine {
  const { baseSequence, count, bodyBytes, arrivalUs, frame } = header
  const last = nextSequence(header) - 1
  const text =
    `batch of sequences ${baseSequence} to ${last}, ${count} records, ${bodyBytes} bytes, ` +
    `arrived ${dumpTime(arrivalUs)}, frame ${frame}, crc ok`
  return { kind: 'batch', path, position, text }
}

function* recordLines(
  path: string,
  { position, bytes }: SoundBatch,
  from: number,
): Iterable<DumpLine> {
  const cursor = new RecordCursor(bytes, from)
  while (cursor.next()) {
    const { sequence, key, data } = cursor
    const keyed = key === undefined ? '' : `key ${shown(key)}, `
    const text = `record ${sequence}: ${keyed}${shown(data)}`
    yield { kind: 'record', path, position: position + cursor.encodedStart, text }
  }
}

/** At the end of a file lie zeros that were filled ahead, an index, or what a former use left. */
function damagedLine(
  path: string,
  { kind, from, to, sequence, next }: DamagedPart,
  end?: number,
): DumpLine {
  const place = { path, position: from }
  if (kind === 'body' || kind === 'records') {
    const what = kind === 'body' ? 'whose body does not fit its crc' : 'whose records are not whole'
    return {
      kind: 'damaged',
      ...place,
      text: `batch of sequences ${sequence} to ${next - 1}, ${what}, up to byte ${to}`,
    }
  }
  if (to === end)
    return { kind: 'rest', ...place, text: `no batch of this segment up to byte ${to}, the end` }
  return { kind: 'damaged', ...place, text: `no sound batch up to byte ${to}` }
}

async function headerText(disk: Disk, path: string): Promise<string> {
  const header = await readHeaderBlock(disk, path)
  return header === undefined ? 'header crc WRONG' : 'header crc ok'
}

async function streamNames(
  disk: Disk,
  streams: string,
  files: readonly SegmentFileName[],
): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>()
  for (const file of files) {
    if (names.has(file.incarnation)) continue
    const header = await readHeaderBlock(disk, segmentPath(streams, file))
    if (header !== undefined) names.set(file.incarnation, header.stream)
  }
  return names
}

async function readHeaderBlock(
  disk: Disk,
  path: string,
): Promise<ReturnType<typeof decodeSegmentHeader> | undefined> {
  const file = await disk.files.open(path, 'read')
  try {
    return decodeSegmentHeader(await readWindow(file, 0, SEGMENT_HEADER_BYTES))
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}

function shown(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString()
  // What is no text, or would write over the screen, is shown as JSON does.
  const safe = /^[\x20-\x7e\u00a0-\ufffc]*$/.test(text) ? text : JSON.stringify(text)
  return safe.length > TEXT_LENGTH_MAX ? `${safe.slice(0, TEXT_LENGTH_MAX)}…` : safe
}

function inOrder(one: SegmentFileName, other: SegmentFileName): number {
  return (
    one.incarnation - other.incarnation ||
    one.shard - other.shard ||
    one.base - other.base ||
    one.generation - other.generation
  )
}
