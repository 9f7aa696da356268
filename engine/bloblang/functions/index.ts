/** All functions by name. */
import type { FunctionDefinition } from '../definition.ts'
import { controlFunctions } from './control.ts'
import { environmentFunctions } from './environment.ts'
import { generationFunctions } from './generation.ts'
import { messageFunctions } from './message.ts'

export const functions: ReadonlyMap<string, FunctionDefinition> = new Map(
  [...messageFunctions, ...environmentFunctions, ...generationFunctions, ...controlFunctions].map(
    (definition) => [definition.name, definition],
  ),
)
