import type { MethodDefinition } from '../definition.ts'
export const objectMethods: readonly MethodDefinition[] = []
