import type { MethodDefinition } from '../definition.ts'
export const encodingMethods: readonly MethodDefinition[] = []
