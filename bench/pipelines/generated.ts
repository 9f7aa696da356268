/** generate → mapping → drop, beside a loop that makes, maps and drops the same objects. */
import { join } from 'node:path'
import { orderText } from '../bloblang/documents.ts'
import type { Row } from '../engine/row.ts'
import { type PipelinesLength, SIZES } from './length.ts'
import { besideByHand } from './rows.ts'
import { measuredProcess, type Sample } from './sample.ts'
import { MAPPING } from './work.ts'

const BATCH_SIZE = 100
const PIPELINE = join(import.meta.dirname, 'pipeline-process.ts')
const BY_HAND = join(import.meta.dirname, 'by-hand-process.ts')

export async function benchGenerated({
  rounds,
  generated,
}: PipelinesLength): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { name, bytes, items } of SIZES) {
    const mapping = `root = ${orderText(0, bytes, items, false)}\nroot.id = count("orders")`
    const config = {
      input: { generate: { mapping, interval: '', count: generated, batch_size: BATCH_SIZE } },
      pipeline: { threads: 1, processors: [{ mapping: MAPPING }] },
      output: { drop: {} },
    }
    const own: Sample[] = []
    const byHand: Sample[] = []
    for (let round = 0; round < rounds; round++) {
      own.push(...(await measuredProcess(PIPELINE, [JSON.stringify(config)]).samples))
      byHand.push(
        ...(await measuredProcess(BY_HAND, ['generate', `${generated}`, `${bytes}`]).samples),
      )
    }
    rows.push(besideByHand(`generate → mapping → drop, ${name}`, bytes, own, byHand))
  }
  return rows
}
