/** What becomes of the environment variables of a posted config before it runs. */
import { referencesIn, withDefaults } from '../../engine/pipelines/environment-variables.ts'
import { type Authority, isGranted } from '../sets/grants.ts'
import type { StreamConfig } from './stored-stream.ts'

/**
 * A variable that the source was not granted is not set for it: where such a one has a default, the default stands there
 * from the beginning, and nobody asks for the grant.
 */
export function withDefaultsOfUngranted(config: StreamConfig, authority: Authority): StreamConfig {
  const isUnknown = (name: string): boolean =>
    !isGranted({ kind: 'env', name, path: [] }, authority)
  return mapTexts(config, (text) => withDefaults(text, isUnknown)) as StreamConfig
}

/** `${VAR:}` has an explicit empty default: what a chilled post makes of a variable that nobody set. */
export function withEmptyVariables(
  config: StreamConfig,
  env: (name: string) => string | undefined,
): StreamConfig {
  return mapTexts(config, (given) => {
    let text = given
    for (const { name, fallback } of referencesIn(given)) {
      if (fallback !== undefined || (env(name) ?? '') !== '') continue
      text = text.replaceAll(`\${${name}}`, `\${${name}:}`)
      text = text.replaceAll(`\${${name}|`, `\${${name}:|`)
    }
    return text
  }) as StreamConfig
}

function mapTexts(value: unknown, map: (text: string) => unknown): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [key, mapTexts(item, map)]))
}
