import type { MethodDefinition } from '../definition.ts'
export const arrayMethods: readonly MethodDefinition[] = []
