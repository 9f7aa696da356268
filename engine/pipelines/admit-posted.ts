/**
 * Judges a component that somebody posts to a pipeline that runs.
 *
 * Grants and access rights were decided when the pipeline was applied, for what it declares. So what is posted may refer
 * to the resources that stand beside it, and use nothing of its own that would have had to be decided.
 */
import { HeadgateError } from '../error.ts'
import type { Resources } from './component-config.ts'
import { inspectPipeline } from './inspect-pipeline.ts'
import type { SharedLabels } from './resource-labels.ts'

export async function admitPosted(
  role: 'input' | 'output',
  config: unknown,
  resources: Resources,
  shared: SharedLabels | undefined,
): Promise<void> {
  const lists = resourceLists(resources)
  const known = shared === undefined ? {} : { shared }
  const found = await inspectPipeline({ ...lists, [role]: config }, known)
  const problem = found.problems.find(({ severity }) => severity === 'error')
  if (problem !== undefined) {
    const { code, path, message, hint } = problem
    const options = hint === undefined ? {} : { hint }
    throw new HeadgateError(code, `${path.join('.')}: ${message}`, options)
  }
  const before = await inspectPipeline(lists, known)
  const own = (path: readonly unknown[]): boolean => path[0] === role
  const uses = [
    ...found.needs.filter(({ path }) => own(path)).map(({ kind, name }) => `${kind} ${name}`),
    ...found.streams.filter(({ path }) => own(path)).map(({ stream }) => `stream ${stream}`),
    ...found.exclusives.filter((name) => !before.exclusives.includes(name)),
    ...(found.secrets.length > before.secrets.length ? ['a secret'] : []),
  ]
  const [first] = uses
  if (first === undefined) return
  throw new HeadgateError(
    'GrantMissing',
    `expected ${role === 'input' ? 'an input' : 'an output'} that needs no decision of its own, got one that uses ${first}`,
    { hint: 'Declare it in the config of the pipeline.' },
  )
}

/** As they stand in a spec again. */
function resourceLists(resources: Resources): Record<string, unknown[]> {
  const lists: Record<string, unknown[]> = {}
  for (const [key, { value }] of resources) {
    const [role = ''] = key.split(' ')
    const list = lists[`${role}_resources`] ?? []
    list.push(value)
    lists[`${role}_resources`] = list
  }
  return lists
}
