/**
 * Suspensions over the catalog: durable before the answer, and in force from the look that follows.
 *
 * They end on the wall clock, for that is what people write; the clock may jump, so that no wait is longer than an hour.
 */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { Clock, Timer } from '../../engine/ports/clock.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Suspension } from '../plan/observed.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { SuspendRequest, Suspensions, SuspensionTarget } from './suspensions.ts'

export const LOOK_AT_WALL_MS_MAX = 3_600_000

export interface SuspendedLoop {
  state(): { readonly set: ResourceSet | undefined }
  planAgain(): void
  lookNow(): Promise<void>
}

export interface KeptSuspensionsOptions {
  readonly catalog: Pick<Catalog, 'suspensions' | 'entries'>
  readonly loops: ReadonlyMap<string, SuspendedLoop>
  readonly clock: Pick<Clock, 'wallUs' | 'schedule'>
  readonly logger: Pick<Logger, 'info'>
  /** By hand, or because its time has come. */
  readonly onChanged: (target: SuspensionTarget, suspension: Suspension | undefined) => void
}

const SOURCE = 'source '

export class KeptSuspensions implements Suspensions, Disposable {
  readonly #options: KeptSuspensionsOptions
  /** The identity behind each key that is suspended. */
  #resources: ReadonlyMap<string, Suspension> = new Map()
  #timer: Timer | undefined

  constructor(options: KeptSuspensionsOptions) {
    this.#options = options
  }

  /** Ends what ended while the process was away, and waits for the others. */
  start(): void {
    this.#endThoseDue()
  }

  source(name: string): Suspension | undefined {
    return this.#options.catalog.suspensions.all().get(`${SOURCE}${name}`)
  }

  resource(identity: Identity): Suspension | undefined {
    return this.#resources.get(identityKey(identity))
  }

  resources(): ReadonlyMap<string, Suspension> {
    return this.#resources
  }

  async suspend(
    target: SuspensionTarget,
    { reason, untilUs }: SuspendRequest,
  ): Promise<Suspension> {
    const { catalog, clock, logger, onChanged } = this.#options
    const owner = this.#ownerOf(target)
    const sinceUs = clock.wallUs()
    if (untilUs !== undefined && untilUs <= sinceUs)
      throw new HeadgateError('BadRequest', 'until: expected a time to come, got one that is past')
    const suspension: Suspension = { reason, sinceUs, untilUs }
    catalog.suspensions.put(keyOf(target), suspension)
    this.#changed()
    logger.info('Suspended.', { ...told(target), ...(reason === undefined ? {} : { reason }) })
    onChanged(target, suspension)
    await this.#options.loops.get(owner)?.lookNow()
    return suspension
  }

  async resume(target: SuspensionTarget): Promise<void> {
    const { catalog, logger, onChanged, loops } = this.#options
    const key = keyOf(target)
    const isKnown = catalog.suspensions.all().has(key)
    const owner = isKnown ? this.#ownerIfAny(target) : this.#ownerOf(target)
    if (isKnown) {
      catalog.suspensions.remove(key)
      this.#changed()
      logger.info('Resumed.', told(target))
    }
    onChanged(target, undefined)
    if (owner !== undefined) await loops.get(owner)?.lookNow()
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }

  #changed(): void {
    const all = this.#options.catalog.suspensions.all()
    this.#resources = new Map([...all].filter(([key]) => !key.startsWith(SOURCE)))
    this.#setTimer()
  }

  #endThoseDue(): void {
    const { catalog, clock, logger, onChanged, loops } = this.#options
    const nowUs = clock.wallUs()
    const due = [...catalog.suspensions.all()].filter(
      ([, { untilUs }]) => untilUs !== undefined && untilUs <= nowUs,
    )
    for (const [key] of due) catalog.suspensions.remove(key)
    this.#changed()
    for (const [key] of due) {
      const target = targetOf(key)
      logger.info('Resumed, for its time has come.', told(target))
      onChanged(target, undefined)
      const owner = this.#ownerIfAny(target)
      if (owner !== undefined) loops.get(owner)?.planAgain()
    }
  }

  #setTimer(): void {
    const { catalog, clock } = this.#options
    this.#timer?.cancel()
    this.#timer = undefined
    let firstUs: number | undefined
    for (const { untilUs } of catalog.suspensions.all().values())
      if (untilUs !== undefined && (firstUs === undefined || untilUs < firstUs)) firstUs = untilUs
    if (firstUs === undefined) return
    const waitMs = Math.max(1, Math.ceil((firstUs - clock.wallUs()) / 1_000))
    this.#timer = clock.schedule(Math.min(waitMs, LOOK_AT_WALL_MS_MAX), () => this.#endThoseDue())
  }

  #ownerOf(target: SuspensionTarget): string {
    const owner = this.#ownerIfAny(target)
    if (owner !== undefined) return owner
    const known = [...this.#options.loops.keys()].join(', ')
    throw 'source' in target
      ? new HeadgateError('NotFound', `There is no source ${target.source}.`, {
          hint: known === '' ? 'No source is configured.' : `Configured are: ${known}.`,
        })
      : new HeadgateError('NotFound', `There is no ${identityText(target.resource)}.`)
  }

  #ownerIfAny(target: SuspensionTarget): string | undefined {
    const { loops, catalog } = this.#options
    if ('source' in target) return loops.has(target.source) ? target.source : undefined
    const key = identityKey(target.resource)
    const entry = catalog.entries.get(key)
    if (entry !== undefined) return entry.owner
    for (const [name, loop] of loops) if (loop.state().set?.members.has(key) === true) return name
    return undefined
  }
}

function keyOf(target: SuspensionTarget): string {
  return 'source' in target ? `${SOURCE}${target.source}` : identityKey(target.resource)
}

function targetOf(key: string): SuspensionTarget {
  if (key.startsWith(SOURCE)) return { source: key.slice(SOURCE.length) }
  const [kind, namespace = '', name = ''] = key.split('/')
  return { resource: { kind: kind as Identity['kind'], namespace, name } }
}

function told(target: SuspensionTarget): Readonly<Record<string, string>> {
  if ('source' in target) return { source: target.source }
  return { resource: identityText(target.resource) }
}
