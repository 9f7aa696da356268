/** Puts the ports of an engine together over one store. */
import type { Capabilities, Engine } from '../engine.ts'
import type { EngineMeasures } from '../measures.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { GroupObserver, Groups } from '../streams/groups.ts'
import type { Streams } from '../streams/streams.ts'
import type { Admission } from './admission.ts'
import { DeadlineWaits } from './deadline-waits.ts'
import type { Log } from './log.ts'
import type { Store } from './store.ts'
import { StoreGroups } from './store-groups.ts'
import { StoreLog } from './store-log.ts'
import { StoreStreams } from './store-streams.ts'
import type { StreamListeners } from './stream-listeners.ts'
import { Sweeper } from './sweeper.ts'

export interface StoreEngineOptions {
  readonly store: Store
  readonly admission: Admission
  readonly listeners: StreamListeners
  readonly clock: Clock
  readonly logger: Logger | undefined
  readonly capabilities: Capabilities
  /** Why appends are refused, while the rest goes on. */
  readonly lowSpace?: () => string | undefined
  /** Ends the store, once nothing more can be submitted by the engine itself. */
  close(): Promise<void>
}

export class StoreEngine implements Engine {
  readonly log: Log
  readonly streams: Streams
  readonly groups: Groups & GroupObserver
  readonly capabilities: Capabilities
  readonly #options: StoreEngineOptions
  readonly #sweeper: Sweeper
  #closed: Promise<void> | undefined

  constructor(options: StoreEngineOptions) {
    const { store, admission, listeners, clock } = options
    this.#options = options
    this.capabilities = options.capabilities
    this.log = new StoreLog(store, admission, new DeadlineWaits(clock))
    this.streams = new StoreStreams(store, admission, listeners)
    this.groups = new StoreGroups(store, admission)
    this.#sweeper = new Sweeper(options)
  }

  condition(): string | undefined {
    return this.#options.store.condition() ?? this.#options.lowSpace?.()
  }

  measures(): EngineMeasures | undefined {
    return this.#options.store.measures()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#sweeper[Symbol.dispose]()
    await this.#options.close()
    this.#options.store.view.wakeAll()
  }
}
