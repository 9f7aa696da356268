/** The lists of resources of a config, and those of other files behind them. */
import { isRecord } from '../component-config.ts'
import { RESOURCE_LISTS } from '../spec.ts'

export function joinedResources(
  config: unknown,
  shared: Readonly<Record<string, readonly unknown[]>>,
): Readonly<Record<string, readonly unknown[]>> {
  const lists: Record<string, readonly unknown[]> = {}
  for (const role of RESOURCE_LISTS) {
    const key = `${role}_resources`
    const own: unknown = isRecord(config) ? config[key] : undefined
    lists[key] = [...(Array.isArray(own) ? own : []), ...(shared[key] ?? [])]
  }
  return lists
}
