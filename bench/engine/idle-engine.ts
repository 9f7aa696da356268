/** An engine that nobody uses, after its last checkpoint: it makes no call on the disk, and the process writes nothing. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { round } from '../figures.ts'
import { appender, createStream, freshEngine, settled } from './bench-engine.ts'
import type { BenchLength } from './length.ts'
import { notMeasured, type Row } from './row.ts'

const WHAT = 'an idle engine writes'
/** Longer than the engine lets a change wait for its checkpoint. */
const SETTLE_QUIET_MS = 12_000
const SETTLE_MS_MAX = 40_000

export async function benchIdleEngine({ idleMs }: BenchLength): Promise<readonly Row[]> {
  await using fresh = await freshEngine()
  const { engine, disk } = fresh
  const append = appender(engine, await createStream(engine, 'bench', 64), 1)
  await Promise.all(Array.from({ length: 1024 }, append))
  if (!(await settled(disk, SETTLE_QUIET_MS, SETTLE_MS_MAX))) {
    return [notMeasured(WHAT, 'nothing', `calls went on for ${SETTLE_MS_MAX / 1000} s`)]
  }
  let calls = 0
  disk.onCall = () => {
    calls++
  }
  const before = writtenBytes()
  await sleep(idleMs)
  const written = writtenBytes() - before
  return [
    {
      what: WHAT,
      target: 'nothing',
      figure: `${written} B`,
      beside: `${calls} calls on the disk`,
      ratio: undefined,
      met: written === 0 && calls === 0,
      note: `in ${round(idleMs / 1000, 0)} s, by the kernel's count of this process`,
    },
  ]
}

/** What the process handed to the disk; zero where the platform does not count. */
function writtenBytes(): number {
  try {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
