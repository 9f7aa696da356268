/**
 * What stands behind the label of a resource that pipelines share: one running thing, which may be replaced while it is
 * used. What is under way ends with the one that it began with; that one is closed then.
 */
export interface Closable {
  close?(): Promise<void>
}

/** One running thing, with how many use it at the moment. */
export class Held<T extends Closable> {
  readonly value: T
  readonly #retired = new AbortController()
  #uses = 0

  constructor(value: T) {
    this.value = value
  }

  /** Aborts when another one took its place. */
  get retired(): AbortSignal {
    return this.#retired.signal
  }

  begin(): void {
    this.#uses += 1
  }

  end(): void {
    this.#uses -= 1
    this.#closeWhenIdle()
  }

  retire(): void {
    this.#retired.abort(new Error('the resource was replaced'))
    this.#closeWhenIdle()
  }

  #closeWhenIdle(): void {
    if (!this.#retired.signal.aborted || this.#uses > 0) return
    // Nobody waits for it, and there is nothing to be done where it fails.
    void this.value.close?.().catch(() => undefined)
  }
}

export interface SlotOptions<T extends Closable> {
  readonly build: () => Promise<T>
  /** Acquires what it needs; a rejection is a local failure. */
  readonly connect?: (value: T) => Promise<void>
  /** Whether it goes with the last who uses it; a cache stays, with what is in it. */
  readonly goesWithUsers: boolean
}

export class SharedSlot<T extends Closable> {
  #options: SlotOptions<T>
  #current: Promise<Held<T>> | undefined
  #users = 0

  constructor(options: SlotOptions<T>) {
    this.#options = options
  }

  /** Somebody uses it from now on, and releases it once. Resolves once it is there. */
  async open(): Promise<Held<T>> {
    this.#users += 1
    try {
      return await this.held()
    } catch (error) {
      this.release()
      throw error
    }
  }

  /** The one of now, made and connected where it is not there yet. */
  held(): Promise<Held<T>> {
    const current = this.#current ?? this.#make(this.#options)
    this.#current = current
    current.catch(() => {
      if (this.#current === current) this.#current = undefined
    })
    return current
  }

  release(): void {
    this.#users -= 1
    if (this.#users > 0 || !this.#options.goesWithUsers) return
    this.#retire()
  }

  /** The new one is built first, and connected where it is in use; a rejection changes nothing. */
  async replace(options: SlotOptions<T>): Promise<void> {
    const isInUse = this.#users > 0
    const next = isInUse ? await this.#make(options) : undefined
    if (next === undefined) await (await options.build()).close?.()
    const before = this.#current
    this.#options = options
    this.#current = next && Promise.resolve(next)
    void before?.then((held) => held.retire()).catch(() => undefined)
  }

  async close(): Promise<void> {
    const held = await this.#current?.catch(() => undefined)
    this.#current = undefined
    await held?.value.close?.()
  }

  #retire(): void {
    const before = this.#current
    this.#current = undefined
    void before?.then((held) => held.retire()).catch(() => undefined)
  }

  async #make({ build, connect }: SlotOptions<T>): Promise<Held<T>> {
    const value = await build()
    try {
      await connect?.(value)
    } catch (error) {
      await value.close?.()
      throw error
    }
    return new Held(value)
  }
}
