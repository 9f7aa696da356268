/** The first honest line to improve on: an edit, a pipeline, a durable append. */
import { benchEditToReady } from './edit-to-ready.ts'
import { benchDurableAppends } from './engine/durable-appends.ts'
import { benchLength } from './engine/length.ts'
import { printTable } from './engine/row.ts'
import { benchPipelineThroughput } from './pipeline-throughput.ts'

export async function benchFirst(): Promise<void> {
  await benchEditToReady()
  await benchPipelineThroughput()
  printTable(await benchDurableAppends(benchLength(false)))
}
