/** file → mapping → file, beside a loop over the same file, and jaq and vrl where they are on the PATH. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { orderText } from '../bloblang/documents.ts'
import { cpuSecondsOf } from '../cpu-seconds.ts'
import { notMeasured, type Row } from '../engine/row.ts'
import { temporaryDirectory } from '../engine/temporary-directory.ts'
import { median, round } from '../figures.ts'
import { type PipelinesLength, SIZES } from './length.ts'
import { besideByHand } from './rows.ts'
import { cpuUsOf, measuredProcess, type Sample } from './sample.ts'
import { JQ, MAPPING, VRL } from './work.ts'

const PIPELINE = join(import.meta.dirname, 'pipeline-process.ts')
const BY_HAND = join(import.meta.dirname, 'by-hand-process.ts')

export async function benchFiles(length: PipelinesLength): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { name, bytes, items } of SIZES) {
    using directory = temporaryDirectory()
    const input = join(directory.path, 'orders.jsonl')
    const output = join(directory.path, 'made.jsonl')
    const lines = Array.from({ length: length.lines }, (_, index) =>
      orderText(index, bytes, items, false),
    )
    writeFileSync(input, `${lines.join('\n')}\n`)
    const config = {
      input: { file: { paths: [input] } },
      pipeline: { threads: 1, processors: [{ mapping: MAPPING }] },
      output: { file: { path: output, codec: 'lines' } },
    }
    const own: Sample[] = []
    const byHand: Sample[] = []
    for (let count = 0; count < length.rounds; count++) {
      own.push(...(await measuredProcess(PIPELINE, [JSON.stringify(config)]).samples))
      expectLines(output, length.lines)
      byHand.push(...(await measuredProcess(BY_HAND, ['file', input, output]).samples))
      expectLines(output, length.lines)
    }
    rows.push(besideByHand(`file → mapping → file, ${name}`, bytes, own, byHand))
    rows.push(...besidePeers(`file → mapping → file, ${name}`, cpuUsOf(own), input, length))
  }
  return rows
}

/** What was measured has to have been done; the output of the next run begins anew. */
function expectLines(path: string, lines: number): void {
  const { stdout } = spawnSync('wc', ['-l', path], { encoding: 'utf8' })
  if (Number(stdout.trim().split(' ')[0]) !== lines)
    throw new Error(`expected ${lines} lines in ${path}`)
  writeFileSync(path, '')
}

function besidePeers(
  what: string,
  ownUs: number,
  input: string,
  length: PipelinesLength,
): readonly Row[] {
  const peers = [
    { name: 'jaq', command: 'jaq', given: ['-c', JQ] },
    { name: 'vrl', command: 'vrl', given: [VRL, '-o', '-i', input] },
  ]
  return peers.map(({ name, command, given }): Row => {
    const times: number[] = []
    for (let count = 0; count < length.rounds; count++) {
      const seconds = cpuSecondsOf({ command, given }, input)
      if (seconds !== undefined) times.push((seconds * 1e6) / length.lines)
    }
    if (times.length === 0)
      return notMeasured(`${what}, beside ${name}`, '', 'not on the PATH, or it failed')
    const theirs = median(times)
    return {
      what: `${what}, beside ${name}`,
      target: '',
      figure: `${round(ownUs, 2)} µs CPU a record`,
      beside: `${round(theirs, 2)} µs, whole process`,
      ratio: ownUs / theirs,
      met: undefined,
      note: '',
    }
  })
}
