/** A load of so many appends in flight: each lane sends its next one when the one before was acknowledged. */

export interface ClosedLoop {
  /** Sends one append from the given lane; resolves when it is acknowledged. */
  append(lane: number): Promise<unknown>
  readonly inFlight: number
  readonly recordsPerAppend: number
  /** Runs for so long, or until so many appends were acknowledged: whichever comes first. */
  readonly until: { readonly ms?: number; readonly appends?: number }
  /** Appends before anything counts. */
  readonly warmAppends?: number
  /** Called between the warm appends and what counts. */
  onStart?(): void
  readonly keepLatencies?: boolean
}

export interface LoopResult {
  readonly recordsPerSecond: number
  readonly latenciesMs: readonly number[]
  /** Records acknowledged in each whole second. */
  readonly perSecond: readonly number[]
}

export async function runClosedLoop(loop: ClosedLoop): Promise<LoopResult> {
  await repeat(loop, { appends: loop.warmAppends ?? loop.inFlight * 4 })
  loop.onStart?.()
  return repeat(loop, loop.until)
}

async function repeat(
  { append, inFlight, recordsPerAppend, keepLatencies }: ClosedLoop,
  until: ClosedLoop['until'],
): Promise<LoopResult> {
  const latenciesMs: number[] = []
  const perSecond: number[] = []
  const appendsMax = until.appends ?? Number.POSITIVE_INFINITY
  const startedMs = performance.now()
  const endMs = startedMs + (until.ms ?? Number.POSITIVE_INFINITY)
  let sent = 0
  let records = 0
  const lane = async (index: number): Promise<void> => {
    for (let sentMs = performance.now(); sentMs < endMs && sent < appendsMax; ) {
      sent++
      await append(index)
      const nowMs = performance.now()
      records += recordsPerAppend
      const second = Math.floor((nowMs - startedMs) / 1000)
      perSecond[second] = (perSecond[second] ?? 0) + recordsPerAppend
      if (keepLatencies === true) latenciesMs.push(nowMs - sentMs)
      sentMs = nowMs
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, index) => lane(index)))
  const seconds = (performance.now() - startedMs) / 1000
  return {
    recordsPerSecond: records / seconds,
    latenciesMs,
    perSecond: Array.from({ length: Math.floor(seconds) }, (_, second) => perSecond[second] ?? 0),
  }
}
