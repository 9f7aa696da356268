import type { MethodDefinition } from '../definition.ts'
export const iterationMethods: readonly MethodDefinition[] = []
