/** What takes the place of a component when a pipeline is built to be rehearsed. */
import type { Role } from './component.ts'
import type { ComponentConfig } from './component-config.ts'
import type { DefinitionOf } from './component-registry.ts'

/**
 * Asked once for each component that is built. Undefined leaves it as it is; another definition gets the same config,
 * and the fields that the runtime adds (label, processors, batching) go on to mean what they mean.
 */
export type StandIn = <R extends Role>(
  role: R,
  component: ComponentConfig,
  definition: DefinitionOf[R],
) => DefinitionOf[R] | undefined
