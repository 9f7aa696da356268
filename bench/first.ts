/** The first honest line to improve on: an edit, a pipeline, a durable append. */
import { benchDurableAppends } from './durable-appends.ts'
import { benchEditToReady } from './edit-to-ready.ts'
import { benchPipelineThroughput } from './pipeline-throughput.ts'

export async function benchFirst(): Promise<void> {
  await benchEditToReady()
  await benchPipelineThroughput()
  await benchDurableAppends()
}
