/**
 * In which order the branches of a `workflow` run: stages of branches that need nothing of each other.
 *
 * A branch waits for those that write what it reads, at the same path, above it or beneath it. A request that reads the
 * whole document waits for nobody because of that: or no two of them could ever be put in order.
 */
import { type MappingTarget, mappingTargets } from '../bloblang/mapping-targets.ts'
import { HeadgateError } from '../error.ts'

export interface StagedBranch {
  readonly request_map: string
  readonly result_map: string
}

/** Throws ComponentConfigInvalid where branches wait for each other. */
export function inferStages(
  branches: ReadonlyMap<string, StagedBranch>,
): readonly (readonly string[])[] {
  const needs = neededBy(branches)
  const stages: string[][] = []
  const done = new Set<string>()
  while (done.size < branches.size) {
    const stage = [...needs.keys()].filter(
      (name) => !done.has(name) && [...(needs.get(name) ?? [])].every((need) => done.has(need)),
    )
    if (stage.length === 0) {
      const left = [...needs.keys()].filter((name) => !done.has(name))
      throw new HeadgateError(
        'ComponentConfigInvalid',
        `the branches ${left.join(', ')} wait for what each other writes`,
        { hint: 'say the order: order: [[first], [second, third]]' },
      )
    }
    for (const name of stage) done.add(name)
    stages.push(stage)
  }
  return stages
}

/** The branches that each branch waits for. */
function neededBy(
  branches: ReadonlyMap<string, StagedBranch>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const names = [...branches.keys()]
  const writes = new Map(
    names.map((name) => [name, targets(branches.get(name)?.result_map).writes]),
  )
  return new Map(
    names.map((name) => {
      const { reads } = targets(branches.get(name)?.request_map)
      const found = names.filter(
        (other) =>
          other !== name &&
          (writes.get(other) ?? []).some((write) => reads.some((read) => touches(read, write))),
      )
      return [name, new Set(found)]
    }),
  )
}

function targets(text: string | undefined): ReturnType<typeof mappingTargets> {
  return (text ?? '').trim() === '' ? { reads: [], writes: [] } : mappingTargets(text ?? '')
}

function touches(read: MappingTarget, write: MappingTarget): boolean {
  if (read.of !== write.of || read.path.length === 0) return false
  const shared = Math.min(read.path.length, write.path.length)
  return read.path.slice(0, shared).every((segment, index) => segment === write.path[index])
}
