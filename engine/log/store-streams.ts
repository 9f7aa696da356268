/** The streams port over a store. */

import { HeadgateError } from '../error.ts'
import type { StreamDescription, StreamRecord, Streams } from '../streams/streams.ts'
import type { Admission, Judgement } from './admission.ts'
import { CONTROL_REQUEST_BYTES, type Store } from './store.ts'
import type { StreamListeners } from './stream-listeners.ts'

export class StoreStreams implements Streams {
  readonly #store: Store
  readonly #admission: Admission
  readonly #listeners: StreamListeners

  constructor(store: Store, admission: Admission, listeners: StreamListeners) {
    this.#store = store
    this.#admission = admission
    this.#listeners = listeners
  }

  async create(record: StreamRecord): Promise<StreamDescription> {
    await this.#commit(() => this.#admission.judgeCreate(record))
    return this.#described(record.name)
  }

  async alter(incarnation: number, record: StreamRecord): Promise<StreamDescription> {
    await this.#commit(() => this.#admission.judgeAlter(incarnation, record))
    return this.#described(record.name)
  }

  async rename(
    name: string,
    incarnation: number,
    record: StreamRecord,
  ): Promise<StreamDescription> {
    await this.#commit(() => this.#admission.judgeRename(name, incarnation, record))
    return this.#described(record.name)
  }

  async delete(name: string, incarnation: number): Promise<void> {
    await this.#commit(() => this.#admission.judgeDelete(name, incarnation))
  }

  describe(names?: readonly string[]): readonly StreamDescription[] {
    return this.#store.view.describe(names)
  }

  watch(listener: (name: string) => void): Disposable {
    return this.#listeners.add(listener)
  }

  #commit<Result>(judge: () => Judgement<Result>): Promise<Result> {
    return this.#store.commit({ bytes: CONTROL_REQUEST_BYTES, judge })
  }

  #described(name: string): StreamDescription {
    const [description] = this.#store.view.describe([name])
    if (description !== undefined) return description
    throw new HeadgateError('StreamNotFound', `expected stream ${name}, got one deleted meanwhile`)
  }
}
