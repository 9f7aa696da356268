/** A plan without a server: the same planner over what a data directory, a backup or a snapshot holds. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { planAnswer } from '../api/native/plan-answer.ts'
import { impliedSource } from '../controllers/config/implied-source.ts'
import type { SourceFile } from '../controllers/control-plane.ts'
import { masked } from '../controllers/plan/mask.ts'
import type { Observed } from '../controllers/plan/observed.ts'
import { plan } from '../controllers/plan/planner.ts'
import { PRUNE_BUDGET_DEFAULT } from '../controllers/plan/prune-budget.ts'
import { alreadySettled, PRUNE_SETTLE_MS_DEFAULT } from '../controllers/plan/settle.ts'
import { canonicalJson } from '../controllers/sets/canonical-json.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import { readSet } from '../controllers/sets/read-set.ts'
import type { ResourceSet } from '../controllers/sets/resource-set.ts'
import type { SourceDeclaration } from '../controllers/sources/source.ts'
import { identityKey } from '../crds/resource.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { type Invocation, textOption } from './command.ts'
import { engineInspector } from './inspector.ts'
import { observeDirectory } from './offline-data.ts'
import type { PlannedSet } from './plan-client.ts'
import { readServerConfig } from './server-config.ts'
import { observeSnapshot } from './snapshot.ts'

export async function planOffline(
  invocation: Invocation,
  source: string,
  files: readonly SourceFile[],
): Promise<PlannedSet> {
  const { declaration, changes } = declared(source)
  const snapshot = textOption(invocation, 'snapshot')
  const before =
    snapshot === undefined
      ? await observeDirectory(resolve(textOption(invocation, 'dataDir') ?? '.headgate'), source)
      : await observeSnapshot(snapshot, source)
  const set = await readSet({
    source,
    scope: declaration.scope,
    grants: declaration.grants,
    directory: process.cwd(),
    files: files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
    notes: [],
    unreadable: [],
    cache: new FileCache(engineInspector),
    known: (identity) => before.resources.has(identityKey(identity)),
    held: () => false,
  })
  const { scope, grants, prune, pruneBudget, pruneSettleMs, drift } = declaration
  const settleMs = pruneSettleMs ?? PRUNE_SETTLE_MS_DEFAULT
  const planned = plan({
    set,
    observed: { ...withHiddenSecrets(before, set), settle: alreadySettled(set, settleMs) },
    policy: {
      scope,
      grants,
      prune,
      pruneSettleMs: settleMs,
      pruneBudget: pruneBudget ?? PRUNE_BUDGET_DEFAULT,
      drift: drift ?? 'revert',
      changes,
      // Where the files lie now says nothing about where the source reads.
      location: before.locationAccepted ?? declaration.location,
    },
    now: { wallUs: realClock.wallUs(), monotonicMs: realClock.monotonicMs() },
  })
  return planAnswer({ plan: planned, problems: set.problems }) as PlannedSet
}

/** What headgate.yaml says of the source; else it is one that may do all, as of a folder that somebody starts with `up`. */
function declared(source: string): {
  readonly declaration: SourceDeclaration
  readonly changes: ReturnType<typeof readServerConfig>['policies']
} {
  const configFile = resolve('headgate.yaml')
  const config = existsSync(configFile)
    ? readServerConfig({ folder: undefined, source, configFile })
    : undefined
  const declaration = config?.sources.find(({ name }) => name === source)
  return {
    declaration: declaration ?? impliedSource('.', source),
    changes: config?.policies ?? [],
  }
}

/** A snapshot holds no secrets: where all else is the same, a literal one is taken to be the same too. */
function withHiddenSecrets(before: Observed, set: ResourceSet): Observed {
  const resources = new Map(before.resources)
  for (const [key, member] of set.members) {
    const known = resources.get(key)
    if (member.state === 'invalid' || known?.accepted === undefined) continue
    const { resource } = member
    if (known.accepted.digest === resource.digest) continue
    const shown = { ...resource, spec: masked(resource.spec, undefined) }
    const isSame =
      canonicalJson(shown.spec) === canonicalJson(known.accepted.spec) &&
      canonicalJson(shown.labels) === canonicalJson(known.accepted.labels) &&
      canonicalJson(shown.annotations) === canonicalJson(known.accepted.annotations)
    if (isSame) resources.set(key, { ...known, accepted: resource })
  }
  return { ...before, resources }
}
