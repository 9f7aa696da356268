import type { MethodDefinition } from '../definition.ts'
export const parsingMethods: readonly MethodDefinition[] = []
