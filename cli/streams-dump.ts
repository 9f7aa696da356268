/** `headgate streams dump DATA_DIR`: shows the batches and frames in the files of a data directory that nobody has open. */
import { relative, resolve } from 'node:path'
import type { DumpLine } from '../engine/log/verify/dump-line.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  numberOption,
  textOption,
} from './command.ts'

export const streamsDump: CommandDefinition = {
  name: 'streams dump',
  summary: 'Show what lies in the files of a data directory, damaged ones too.',
  arguments: [{ name: 'DATA_DIR', required: true, summary: 'One that no server has open.' }],
  options: [
    { flags: '--stream <NAMESPACE/NAME>', summary: 'Of one stream only.' },
    { flags: '--shard <NUMBER>', summary: 'Of one shard only.' },
    { flags: '--from <SEQUENCE>', summary: 'From a sequence on; with --journal, of frames.' },
    { flags: '--limit <NUMBER>', summary: 'At most so many batches or frames.' },
    { flags: '--records', summary: 'Show the records of the batches, too.' },
    { flags: '--journal', summary: 'Show the frames of the journal instead.' },
  ],
  examples: [
    'headgate streams dump .headgate --stream default/orders --records --limit 5',
    'headgate streams dump .headgate --journal',
  ],
  run: runStreamsDump,
}

/** Written at once, so that a large dump does not wait for each line. */
const PIECE_LINES = 256

async function runStreamsDump(invocation: Invocation): Promise<number> {
  const [{ realDisk }, { whileUnused }] = await Promise.all([
    import('../engine/ports/real-disk.ts'),
    import('../engine/log/verify/while-unused.ts'),
  ])
  const directory = resolve(invocation.arguments[0] ?? '')
  const limit = numberOption(invocation, 'limit', 1) ?? Number.POSITIVE_INFINITY
  return await whileUnused(realDisk, directory, async () => {
    const lines = await dumpOf(invocation, directory)
    const damaged = await printLines(invocation, directory, lines, limit)
    return damaged ? 1 : 0
  })
}

async function dumpOf(invocation: Invocation, directory: string): Promise<AsyncIterable<DumpLine>> {
  const { realDisk } = await import('../engine/ports/real-disk.ts')
  const from = numberOption(invocation, 'from', 0) ?? 0
  if (flagOption(invocation, 'journal')) {
    const { dumpJournal } = await import('../engine/log/verify/dump-journal.ts')
    return dumpJournal(realDisk, directory, from)
  }
  const { dumpSegments } = await import('../engine/log/verify/dump-segments.ts')
  return dumpSegments(realDisk, directory, {
    stream: textOption(invocation, 'stream'),
    shard: numberOption(invocation, 'shard', 0),
    from,
    withRecords: flagOption(invocation, 'records'),
  })
}

/** Whether anything damaged was shown. */
async function printLines(
  { terminal }: Invocation,
  directory: string,
  lines: AsyncIterable<DumpLine>,
  limit: number,
): Promise<boolean> {
  let damaged = false
  let shown = 0
  let piece: string[] = []
  for await (const line of lines) {
    if (line.kind === 'batch' || line.kind === 'frame') shown++
    if (shown > limit) break
    damaged ||= line.kind === 'damaged'
    piece.push(lineText(directory, line))
    if (piece.length < PIECE_LINES) continue
    await terminal.print(piece.join(''))
    piece = []
  }
  await terminal.print(piece.join(''))
  return damaged
}

function lineText(directory: string, { kind, path, position, text }: DumpLine): string {
  const place = `${relative(directory, path)}:${position}`
  const indent = kind === 'record' || kind === 'entry' ? '  ' : ''
  return `${place}${kind === 'file' ? '' : ' '}${indent} ${kind === 'damaged' ? 'DAMAGED ' : ''}${text}\n`
}
