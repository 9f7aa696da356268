/** Puts the alerts of a running control plane together. */
import { identityKey } from '../../crds/resource.ts'
import type { BackOff } from '../apply/back-off.ts'
import { resumeKey } from '../apply/resume.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Running } from '../facade/running.ts'
import { Alerts } from './alerts.ts'
import type { Stopped } from './alerts-of-source.ts'
import { postJsonWith } from './post-json.ts'

export function openAlerts({
  options,
  catalog,
  loops,
  backOff,
  chronicle,
}: Running): AsyncDisposable {
  const { clock, random, logger } = options
  const alerts = new Alerts({
    destinations: options.alerts ?? [],
    delivered: catalog.alerts,
    post: postJsonWith(clock),
    sources: loops,
    failureOf: (key) => backOff.failure(key),
    stoppedOf: (source) => stoppedOf(source, catalog, backOff),
    clock,
    random,
    logger,
  })
  const watching = chronicle.watchLooks((look) => alerts.looked(look))
  return {
    async [Symbol.asyncDispose]() {
      watching[Symbol.dispose]()
      await alerts[Symbol.asyncDispose]()
    },
  }
}

function stoppedOf(source: string, { entries }: Catalog, backOff: BackOff): readonly Stopped[] {
  const stopped: Stopped[] = []
  for (const { identity, owner } of entries.all().values()) {
    if (owner !== source || (identity.kind !== 'Pipeline' && identity.kind !== 'Sink')) continue
    const failure = backOff.failure(resumeKey(identityKey(identity)))
    if (failure !== undefined) stopped.push({ identity, failure })
  }
  return stopped
}
