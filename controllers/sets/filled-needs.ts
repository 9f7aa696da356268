/** What a config needs once the values of its variables stand in it: that is what a grant is asked for. */
import { interpolateVariables, referencesIn } from '../../engine/pipelines/environment-variables.ts'
import type { Need, PipelineInspection } from '../../engine/pipelines/pipeline.ts'

export interface FilledNeed extends Need {
  /** As the config says it, where values of variables are part of the name: those are for no message. */
  readonly written?: string
}

export interface Filled {
  readonly needs: readonly FilledNeed[]
  readonly exclusives: readonly string[]
}

/** `inspection` is that of the config as it is written; without variables it is all that there is to know. */
export async function filledInspection(
  config: unknown,
  inspection: PipelineInspection,
  env: (name: string) => string | undefined,
  inspect: (config: unknown) => Promise<PipelineInspection>,
): Promise<Filled> {
  const { needs } = inspection
  if (!needs.some(({ kind }) => kind === 'env')) return inspection
  const filled = await inspect(interpolateVariables(config, env).value)
  const known = new Map(needs.map((need) => [keyOf(need), need]))
  const decided = needs.filter((need) => !hangsOnVariables(need, needs))
  const decidedKeys = new Set(decided.map(nameKeyOf))
  const added = filled.needs
    .filter((need) => !decidedKeys.has(nameKeyOf(need)))
    .map((need) => ({
      ...need,
      written: textAt(config, need) ?? known.get(keyOf(need))?.name ?? '…',
    }))
  return { needs: [...decided, ...added], exclusives: filled.exclusives }
}

/** Whether only the values of variables tell what this is. */
export function hangsOnVariables({ kind, name, path }: Need, needs: readonly Need[]): boolean {
  if (kind === 'env') return false
  if (referencesIn(name).length > 0) return true
  const place = JSON.stringify(path)
  return needs.some((other) => other.kind === 'env' && JSON.stringify(other.path) === place)
}

function keyOf({ kind, path }: Need): string {
  return JSON.stringify([kind, path])
}

function nameKeyOf({ kind, name, path }: Need): string {
  return JSON.stringify([kind, name, path])
}

function textAt(config: unknown, { path }: Need): string | undefined {
  const found = path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    config,
  )
  return typeof found === 'string' ? found : undefined
}
