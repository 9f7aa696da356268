/** Puts the alerts of a running control plane together. */
import type { Running } from '../facade/running.ts'
import { Alerts } from './alerts.ts'
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
