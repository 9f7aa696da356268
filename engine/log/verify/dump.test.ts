import { expect, test } from 'vitest'
import { dumpJournal } from './dump-journal.ts'
import type { DumpLine } from './dump-line.ts'
import { dumpSegments } from './dump-segments.ts'
import {
  DIRECTORY,
  end,
  newWorkplace,
  openWorkplace,
  type Workplace,
  work,
} from './workload-for-test.ts'

const ALL = { stream: undefined, shard: undefined, from: 0, withRecords: false }
const SIZES = { segmentBytes: 8 * 1024 }

async function worked(): Promise<Workplace> {
  const place = newWorkplace(3)
  const engine = await openWorkplace(place, { sizes: SIZES })
  await work(place, engine, 60)
  await engine[Symbol.asyncDispose]()
  return place
}

async function linesOf(lines: AsyncIterable<DumpLine>): Promise<readonly DumpLine[]> {
  const all: DumpLine[] = []
  for await (const line of lines) all.push(line)
  return all
}

test('a dump shows every record of a shard, each once', async () => {
  const { disk, acknowledged } = await worked()
  const options = { ...ALL, stream: 'default/a', shard: 1, withRecords: true }
  const lines = await linesOf(dumpSegments(disk, DIRECTORY, options))
  expect(lines[0]).toMatchObject({
    kind: 'file',
    text: expect.stringContaining('default/a number 1'),
  })
  const texts = lines.filter(({ kind }) => kind === 'record').map(({ text }) => text)
  for (const [sequence, text] of acknowledged.get('default/a/1') ?? []) {
    const [found = ''] = texts.filter((line) => line.startsWith(`record ${sequence}: `))
    expect(found).toContain(text.slice(0, 150))
  }
  const later = await linesOf(dumpSegments(disk, DIRECTORY, { ...options, from: 40 }))
  const [first] = later.filter(({ kind }) => kind === 'record')
  expect(first?.text).toMatch(/^record 40: /)
})

test('a dump goes on behind damage, and names it', async () => {
  const { disk } = await worked()
  const before = await linesOf(dumpSegments(disk, DIRECTORY, ALL))
  const batch = before.find(({ kind }) => kind === 'batch')
  disk.rot(batch?.path ?? '', (batch?.position ?? 0) + 70)
  disk.rot(batch?.path ?? '', 8)
  const after = await linesOf(dumpSegments(disk, DIRECTORY, ALL))
  const damaged = after.filter(({ kind }) => kind === 'damaged')
  expect(damaged).toMatchObject([{ path: batch?.path, position: batch?.position }])
  expect(after.filter(({ kind }) => kind === 'batch').length).toBe(
    before.filter(({ kind }) => kind === 'batch').length - 1,
  )
  expect(after[0]?.text).toContain('header crc WRONG')
})

test('a dump of the journal shows frames with what they say, and which are stale', async () => {
  const place = await worked()
  const stale = await linesOf(dumpJournal(place.disk, DIRECTORY, 0))
  const frames = stale.filter(({ kind }) => kind === 'frame')
  expect(frames.length).toBeGreaterThan(5)
  expect(frames.every(({ text }) => text.endsWith('stale: a checkpoint holds it'))).toBe(true)
  const engine = await openWorkplace(place, { sizes: SIZES })
  await work(place, engine, 5)
  await end(place, 'kill')
  const lines = await linesOf(dumpJournal(place.disk, DIRECTORY, 0))
  expect(lines.map(({ text }) => text).join('\n')).toContain('crc ok, behind the checkpoint')
  const [live] = lines.filter(({ text }) => text.endsWith('behind the checkpoint'))
  place.disk.rot(live?.path ?? '', (live?.position ?? 0) + 70)
  const damaged = await linesOf(dumpJournal(place.disk, DIRECTORY, 0))
  expect(damaged).toContainEqual({
    ...live,
    kind: 'damaged',
    text: live?.text.replace('crc ok', 'crc WRONG'),
  })
})
