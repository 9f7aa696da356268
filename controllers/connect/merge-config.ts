/** How a PATCH changes a config: objects merge by key, and all else replaces what was there, lists and nulls too. */

export function mergeConfig(onto: unknown, patch: unknown): unknown {
  if (!isObject(onto) || !isObject(patch)) return patch
  const merged = new Map(Object.entries(onto))
  for (const [key, value] of Object.entries(patch))
    merged.set(key, merged.has(key) ? mergeConfig(merged.get(key), value) : value)
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
