/**
 * What the engine calls the consumer group of a config. Groups of the engine know no namespaces, so the name says which
 * one it is of; outside of these lines a group is called what its config calls it.
 */

import { HeadgateError } from '../error.ts'
import type { ConfigFault } from './component.ts'

export function engineGroup(namespace: string, group: string): string {
  // A name that an environment variable gave was not seen before.
  const [fault] = groupFaults(group)
  if (fault !== undefined) throw new HeadgateError('ComponentConfigInvalid', fault.message)
  return namespace === 'default' ? group : `${namespace}/${group}`
}

/** The group whose offsets say how far a sink has delivered. */
export function sinkGroup(name: string): string {
  return `sink.${name}`
}

export interface ConfigGroup {
  readonly namespace: string
  readonly group: string
}

/** What a config calls the group of the engine. */
export function configGroup(engineGroup: string): ConfigGroup {
  const slash = engineGroup.indexOf('/')
  if (slash < 0) return { namespace: 'default', group: engineGroup }
  return { namespace: engineGroup.slice(0, slash), group: engineGroup.slice(slash + 1) }
}

/** No group has a slash of its own, so no two namespaces meet. */
export function groupFaults(group: string): readonly ConfigFault[] {
  if (!group.includes('/') || group.includes('${')) return []
  const message = `expected the name of a group without a slash, got ${JSON.stringify(group)}`
  return [{ path: ['group'], message }]
}
