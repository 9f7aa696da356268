/** All functions by name. */
import type { FunctionDefinition } from '../definition.ts'
import { controlFunctions } from './control.ts'
import { environmentFunctions } from './environment.ts'
import { fakeFunctions } from './fake.ts'
import { fileFunctions } from './files.ts'
import { generationFunctions } from './generation.ts'
import { identifierFunctions } from './identifiers.ts'
import { messageFunctions } from './message.ts'
import { schemaRegistryFunctions } from './schema-registry.ts'
import { tracingFunctions } from './tracing.ts'

const definitions: readonly FunctionDefinition[] = [
  ...controlFunctions,
  ...environmentFunctions,
  ...fakeFunctions,
  ...fileFunctions,
  ...generationFunctions,
  ...identifierFunctions,
  ...messageFunctions,
  ...schemaRegistryFunctions,
  ...tracingFunctions,
]

export const functions: ReadonlyMap<string, FunctionDefinition> = new Map(
  definitions.map((definition) => [definition.name, definition]),
)
