/** Which caches name which: one that leads back to itself could never be made. */
import { type ConfigPath, problem } from './component-config.ts'
import type { ConfigProblem } from './pipeline.ts'

/** One resource names another of its kind. */
export interface ResourceUse {
  readonly from: string
  readonly to: string
  readonly path: ConfigPath
}

export function loopProblems(uses: readonly ResourceUse[]): readonly ConfigProblem[] {
  return uses.flatMap(({ from, to, path }) => {
    if (!reachable(to, uses).has(from)) return []
    const message = `resource ${JSON.stringify(from)} leads back to itself`
    return problem({ path, at: 'value', message })
  })
}

function reachable(start: string, uses: readonly ResourceUse[]): ReadonlySet<string> {
  const reached = new Set([start])
  for (const label of reached) {
    for (const { from, to } of uses) if (from === label) reached.add(to)
  }
  return reached
}
