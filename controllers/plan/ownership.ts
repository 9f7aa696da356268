/** Who may take a resource that is not its own, and what is said to whoever may not. */
import { identityKey } from '../../crds/resource.ts'
import { isSealed, type Observed, type ObservedResource } from './observed.ts'

export interface Takeover {
  readonly verb: 'adopt' | 'transfer'
  readonly reason: string
}

/** Undefined unless a person decided that `source` shall have it; an owner that is configured is asked for a transfer. */
export function takeoverOf(
  { identity, owner }: ObservedResource,
  source: string,
  { ownership, sources }: Pick<Observed, 'ownership' | 'sources'>,
): Takeover | undefined {
  const decision = ownership.get(identityKey(identity))
  if (decision === undefined || decision.verb === 'release' || decision.to !== source)
    return undefined
  if (decision.verb === 'transfer' && owner !== undefined)
    return { verb: 'transfer', reason: `transferred from source ${owner}` }
  if (owner !== undefined && sources?.has(owner) === true) return undefined
  const left = owner === undefined ? 'no source owned' : `source ${owner} left behind`
  return { verb: 'adopt', reason: `adopted, which ${left}` }
}

export function ownedByAnother(
  observed: ObservedResource,
  source: string,
  sources: ReadonlySet<string> | undefined,
): string {
  const { identity, owner } = observed
  const { kind, name, namespace } = identity
  const what = `${kind.toLowerCase()} ${name} -n ${namespace}`
  const who = owner === undefined ? 'no source' : `source ${owner}`
  if (isSealed(observed))
    return `The stream is retained for ${who}, so source ${source} cannot declare it: let ${owner ?? 'its owner'} declare it again, or purge it with \`headgate purge ${name} -n ${namespace}\`.`
  if (owner === undefined)
    return `No source owns it, so source ${source} does not have it by declaring it: take it with \`headgate adopt ${what} --source ${source}\`.`
  if (sources?.has(owner) === false)
    return `It is owned by source ${owner}, which is not configured any more, so source ${source} cannot declare it: take it with \`headgate adopt ${what} --source ${source}\`.`
  return `It is owned by source ${owner}, so source ${source} cannot declare it too: remove one of the two declarations, or give it away with \`headgate transfer ${what} --to ${source}\`.`
}
