/**
 * Values by key, for a while: what `dedupe`, `cached` and the like remember with.
 *
 * A cache is a resource: all components of a pipeline that name its label share one object. Answer without a promise
 * where nothing has to be waited for. A failure is thrown; a key that is not there is no failure.
 */
export interface Cache {
  get(key: string): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** The value belongs to the cache from now on. Without `ttlMs` the cache's own rule holds. */
  set(key: string, value: Uint8Array, ttlMs: number | undefined): void | Promise<void>
  /** False, and nothing is changed, when the key is there; of two at once only one is told true. */
  add(key: string, value: Uint8Array, ttlMs: number | undefined): boolean | Promise<boolean>
  /** A key that is not there is deleted already. */
  delete(key: string): void | Promise<void>
  close?(): Promise<void>
}
