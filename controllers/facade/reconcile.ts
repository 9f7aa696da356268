/** Looks at a source when asked to, and waits until it is Ready where that is wanted. */
import type { ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { ReconcileAnswer, ReconcileRequest } from '../control-plane.ts'
import type { Condition } from '../status/condition.ts'
import type { Running } from './running.ts'
import { sourcesOf } from './sources.ts'

export async function reconcile(
  name: string,
  { waitMs }: ReconcileRequest,
  running: Running,
  signal?: AbortSignal,
): Promise<ReconcileAnswer> {
  const { loops, options } = running
  const { clock } = options
  const loop = loops.get(name)
  if (loop === undefined) {
    const known = [...loops.keys()].join(', ')
    throw new HeadgateError('NotFound', `There is no source ${name}.`, {
      hint: known === '' ? 'No source is configured.' : `Configured are: ${known}.`,
    })
  }
  const startMs = clock.monotonicMs()
  const answer = (): ReconcileAnswer => {
    const source = sourcesOf(running).get(name)
    if (source === undefined) throw new HeadgateError('NotFound', `There is no source ${name}.`)
    return { source, ready: isReady(source), elapsedMs: clock.monotonicMs() - startMs }
  }
  await loop.lookNow()
  for (let now = answer(); ; now = answer()) {
    const leftMs = waitMs - now.elapsedMs
    if (now.ready || leftMs <= 0 || signal?.aborted === true) return now
    await nextLook(name, leftMs, running, signal)
  }
}

async function nextLook(
  name: string,
  withinMs: number,
  { chronicle, options }: Running,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const ended = (): void => resolve()
  const timer = options.clock.schedule(withinMs, ended)
  signal?.addEventListener('abort', ended, { once: true })
  const watching = chronicle.watchLooks(({ source }) => {
    if (source === name) resolve()
  })
  try {
    await promise
    // The loop finishes its look first: what it says of itself comes after history was told.
    await Promise.resolve()
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', ended)
    watching[Symbol.dispose]()
  }
}

function isReady({ status }: ResourceObject): boolean {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly Condition[] }
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}
