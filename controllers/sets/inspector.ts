/**
 * The port to what judges the bodies of pipelines and sinks: offline and without side effects, but for loading the files of the
 * components that they name; the engine's inspectors implement it.
 */
import type { PipelineInspection } from '../../engine/pipelines/pipeline.ts'
import type { Templates } from '../../engine/pipelines/templates/template.ts'

export interface Inspector {
  /** What pipelines may use besides components; none where absent. */
  readonly templates?: Templates
  /** Another number makes another judgement of the same config possible: what was remembered is judged again. */
  epoch?(): number
  /** Gets the stream config: the spec without the fields that are ours. Paths of problems begin there. */
  pipeline(config: Readonly<Record<string, unknown>>): Promise<PipelineInspection>
  /** Gets the spec after defaults. */
  sink(spec: Readonly<Record<string, unknown>>): Promise<PipelineInspection>
}
