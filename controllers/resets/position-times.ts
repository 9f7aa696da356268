/**
 * Where in their streams the times lie that resets name: looked up before a plan is made, which waits for nothing. A
 * plan that is made without it estimates.
 */
import { identityKey } from '../../crds/resource.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { readingsOf } from '../plan/reset-change.ts'
import type { Resource, ResourceSet } from '../sets/resource-set.ts'
import { type DeclaredReset, declaredReset } from './declared-reset.ts'
import { dueReset } from './position-handover.ts'
import { resetTargets } from './reset-targets.ts'

export interface PositionTimesOptions {
  readonly engine: Pick<Engine, 'log' | 'streams'>
  readonly catalog: Pick<Catalog, 'entries' | 'resets'>
}

export class PositionTimes {
  readonly #options: PositionTimesOptions
  /** By incarnation, shard and time. */
  #found = new Map<string, number>()

  constructor(options: PositionTimesOptions) {
    this.#options = options
  }

  /** For each reset to a time that the set asks for and that was not carried out. Never rejects. */
  async look({ members }: ResourceSet): Promise<void> {
    const found = new Map<string, number>()
    for (const member of members.values()) {
      if (member.state !== 'valid' || member.resource.spec['reset'] === undefined) continue
      const due = this.#dueOf(member.resource)
      // What cannot be found here is refused where the plan is made.
      if (due !== undefined) await this.#find(member.resource, due, found).catch(() => undefined)
    }
    this.#found = found
  }

  sequenceAt(incarnation: number, shard: number, arrivalUs: number): number | undefined {
    return this.#found.get(keyOf(incarnation, shard, arrivalUs))
  }

  #dueOf(resource: Resource): DeclaredReset | undefined {
    const { entries, resets } = this.#options.catalog
    const key = identityKey(resource.identity)
    if (declaredReset(resource.spec)?.to.kind !== 'time') return undefined
    return dueReset(resource, entries.get(key)?.accepted, resets.get(key))
  }

  async #find(resource: Resource, due: DeclaredReset, found: Map<string, number>): Promise<void> {
    const { log, streams } = this.#options.engine
    const { to } = due
    if (to.kind !== 'time') return
    const reader = { identity: resource.identity, readings: readingsOf(resource) }
    for (const { stream, shards } of resetTargets(reader, due, streams)) {
      const { name, incarnation } = stream
      for (const { shard } of stream.shardStates) {
        if (shards?.includes(shard) === false) continue
        const { sequence } = await log.resolve({ stream: name, incarnation, shard }, to)
        found.set(keyOf(incarnation, shard, to.arrivalUs), sequence)
      }
    }
  }
}

function keyOf(incarnation: number, shard: number, arrivalUs: number): string {
  return `${incarnation}/${shard}/${arrivalUs}`
}
