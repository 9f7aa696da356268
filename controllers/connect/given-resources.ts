/** What `--resources` gives to all pipelines, as it is written: by list, each with its label. */
import type { ResourceRole } from '../../engine/pipelines/resource-labels.ts'

/** `cache_resources` and the like. */
export type GivenResources = Readonly<Record<string, readonly unknown[]>>

export function isGiven(
  given: GivenResources | undefined,
  role: ResourceRole,
  label: string,
): boolean {
  return given?.[`${role}_resources`]?.some((config) => labelOf(config) === label) === true
}

export function labelOf(config: unknown): string | undefined {
  const { label } = (config ?? {}) as { readonly label?: unknown }
  return typeof label === 'string' && label !== '' ? label : undefined
}
