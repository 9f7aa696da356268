import type { MethodDefinition } from '../definition.ts'
export const timeMethods: readonly MethodDefinition[] = []
