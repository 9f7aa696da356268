/** What a merged config may not do without, unless it is chilled: a value for each of its variables. */
import { HeadgateError } from '../../engine/error.ts'
import { referencesIn } from '../../engine/pipelines/environment-variables.ts'
import { grantProblem } from '../sets/grants.ts'
import type { LintOptions } from './lint-stream.ts'

/** Throws BadRequest, with the names of those that nobody set and that have no default. */
export function requireVariables(
  config: unknown,
  { env, authority }: Pick<LintOptions, 'env' | 'authority'>,
): void {
  const missing = new Set<string>()
  addMissing(config, env, missing)
  const [first] = missing
  if (first === undefined) return
  const grant = grantProblem({ kind: 'env', name: first, path: [] }, authority)
  throw new HeadgateError(
    'BadRequest',
    `required environment variables were not set: [${[...missing].join(' ')}]`,
    grant === undefined ? {} : { hint: `${grant.message}, ${grant.hint}` },
  )
}

function addMissing(value: unknown, env: LintOptions['env'], missing: Set<string>): void {
  if (typeof value === 'string') {
    for (const { name, fallback } of referencesIn(value))
      if (fallback === undefined && (env(name) ?? '') === '') missing.add(name)
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) addMissing(item, env, missing)
  }
}
