/**
 * Time as the only thing that may move by itself.
 *
 * Wall time is for people and arrivals; every wait and every deadline uses monotonic time, so that a clock that is set
 * back or forward neither expires nor freezes anything.
 */
export interface Clock {
  /** Microseconds since 1970, as the system believes; may jump. */
  wallUs(): number
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls back once after `ms`. It does not keep the process alive. */
  schedule(ms: number, callback: () => void): Timer
}

export interface Timer {
  /** Idempotent. */
  cancel(): void
}
