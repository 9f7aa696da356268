/** What is declared under one name → the member of the set that it amounts to. */
import { factsOf, idOf } from './declaration-index.ts'
import { resourceDigest } from './digest.ts'
import { type Authority, checkAuthority } from './grants.ts'
import type { Problem } from './problem.ts'
import { ProblemList } from './problem-list.ts'
import type { Declaration } from './read-document.ts'
import type { Member } from './resource-set.ts'

/** `together` answers what is wrong with a declaration beside others. */
export function memberOf(
  group: readonly Declaration[],
  authority: Authority,
  together: (declaration: Declaration) => readonly Problem[],
): Member | undefined {
  const [first] = group
  if (first === undefined) return undefined
  const problems = group.flatMap((one) => [
    ...one.problems,
    ...authorityProblems(one, authority),
    ...together(one),
  ])
  return toMember(first, onePerPlace(problems))
}

function authorityProblems(declaration: Declaration, authority: Authority): readonly Problem[] {
  const problems = checkAuthority(declaration, authority)
  if (problems.length === 0) return []
  const list = new ProblemList(declaration.source, declaration.tree)
  for (const problem of problems) list.add(problem)
  return list.problems
}

function toMember(declaration: Declaration, problems: readonly Problem[]): Member {
  const { identity, origin, labels, annotations, spec } = declaration
  if (problems.some(({ severity }) => severity === 'error')) {
    return { state: 'invalid', identity, origin, problems }
  }
  const resource = {
    identity,
    id: idOf(identity, spec),
    labels,
    annotations,
    spec,
    digest: resourceDigest(declaration),
    references: factsOf(declaration).references,
  }
  return { state: 'valid', identity, origin, resource, problems }
}

/** Several layers may notice one fault: the first layer's word stands. */
function onePerPlace(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length < 2) return problems
  const layers = new Map<string, Problem['layer']>()
  return problems.filter(({ file, line, column, layer, severity }) => {
    const [error, own] = ['error', severity].map((one) => JSON.stringify([file, line, column, one]))
    const first = layers.get(error ?? '') ?? layers.get(own ?? '') ?? layer
    layers.set(own ?? '', layers.get(own ?? '') ?? first)
    return first === layer
  })
}
