/** Where a component stands, as people, statuses and metrics name it. */
import type { ComponentMetrics } from './component-metrics.ts'
import type { TapPoint } from './tap-point.ts'

export interface Place {
  /** For people, and no other component of the pipeline has it: `output http_client`. */
  readonly name: string
  readonly label: string
  /** `root.output` */
  readonly path: string
  /** False for what connects through the components within it, and for a buffer: it is no connection of its own. */
  readonly connects: boolean
  readonly metrics: ComponentMetrics
  /** Where what it gives or is given can be looked at. */
  readonly tap?: TapPoint
}
