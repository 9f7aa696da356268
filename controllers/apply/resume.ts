/**
 * Starts again what was accepted and does not run as it should: after a start of the process, after a pipeline failed by
 * itself, and after a secret that it uses was changed.
 *
 * It changes nothing that is declared; each that fails backs off alone.
 */
import { identityKey } from '../../crds/resource.ts'
import { asHeadgateError } from '../../engine/error.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { StoredEntry } from '../catalog/catalog.ts'
import type { ApplyRequest } from '../reconcilers/reconciler.ts'
import type { SecretWatch } from '../reconcilers/secret-watch.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { ApplyOptions } from './apply-plan.ts'

/** A kind that can stop by itself. */
export interface RunningKind {
  isInForce(resource: Resource): boolean
  apply(request: ApplyRequest, signal?: AbortSignal): Promise<void>
}

export interface ResumeOptions extends Pick<ApplyOptions, 'catalog' | 'backOff'> {
  /** By kind. */
  readonly running: ReadonlyMap<string, RunningKind>
  readonly secrets: Pick<SecretWatch, 'look'>
  readonly logger: Pick<Logger, 'info'>
}

/** Failures of a resumed version are counted apart from those of a newer one that does not start. */
export function resumeKey(key: string): string {
  return `resume ${key}`
}

/** Answers how many were started. What `isBusy` is under way already, and left alone. */
export async function resume(
  isMine: (owner: string) => boolean,
  options: ResumeOptions,
  signal?: AbortSignal,
  isBusy: (key: string) => boolean = () => false,
): Promise<number> {
  for (const key of await options.secrets.look(isMine))
    options.logger.info('A secret was changed; what uses it is started again.', { resource: key })
  const due = [...options.catalog.entries.all().values()].filter(
    (entry) => isDue(entry, isMine, options) && !isBusy(identityKey(entry.identity)),
  )
  const started = await Promise.all(due.map((entry) => startOne(entry, options, signal)))
  return started.filter(Boolean).length
}

function isDue(
  { identity, owner, accepted, removal }: StoredEntry,
  isMine: (owner: string) => boolean,
  { running, backOff }: ResumeOptions,
): boolean {
  const kind = running.get(identity.kind)
  if (kind === undefined || accepted === undefined || removal !== undefined) return false
  if (!isMine(owner) || kind.isInForce(accepted)) return false
  return !backOff.mustWait(resumeKey(identityKey(identity)), accepted.digest)
}

async function startOne(
  { identity, owner, uid, accepted }: StoredEntry,
  { running, backOff }: ResumeOptions,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (accepted === undefined) return false
  const key = resumeKey(identityKey(identity))
  try {
    const principal = { name: `source:${owner}` }
    await running.get(identity.kind)?.apply({ resource: accepted, uid, owner, principal }, signal)
    backOff.succeeded(key)
    return true
  } catch (error) {
    if (signal?.aborted !== true) backOff.failed(key, accepted.digest, asHeadgateError(error))
    return false
  }
}
