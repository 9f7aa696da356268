/** The engine's judgement of pipelines and sinks, as the sets ask for it. */
import type { Inspector } from '../controllers/sets/inspector.ts'
import type { SinkSpec } from '../crds/generated/specs.gen.ts'
import { inspectPipeline } from '../engine/pipelines/inspect-pipeline.ts'
import { inspectSink } from '../engine/pipelines/sink.ts'

export const engineInspector: Inspector = {
  pipeline: (config) => inspectPipeline(config),
  // Sets hand over what the schema accepted.
  sink: (spec) => inspectSink(spec as unknown as SinkSpec),
}
