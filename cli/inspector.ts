/** The engine's judgement of pipelines and sinks, as the sets ask for it. */
import type { Inspector } from '../controllers/sets/inspector.ts'
import type { SinkSpec } from '../crds/generated/specs.gen.ts'
import { inspectPipeline } from '../engine/pipelines/inspect-pipeline.ts'
import { ResourceLabels } from '../engine/pipelines/resource-labels.ts'
import { inspectSink } from '../engine/pipelines/sink.ts'

export const engineInspector: Inspector = inspectorOf(new ResourceLabels())

/** For a server, which knows the labels of what its pipelines share. */
export function inspectorOf(shared: ResourceLabels): Inspector {
  return {
    epoch: () => shared.epoch,
    pipeline: (config) => inspectPipeline(config, { shared }),
    // Sets hand over what the schema accepted.
    sink: (spec) => inspectSink(spec as unknown as SinkSpec),
  }
}
