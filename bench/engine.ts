/**
 * What the engine on disk is held to: each figure against a raw limit or a peer of the same run, by turns with it,
 * as medians of several rounds. `npm run bench -- engine [--quick] [ROW…]`, where a ROW is a name of the list below.
 */
import { benchAcknowledge } from './engine/acknowledge.ts'
import { benchDirtyShards } from './engine/dirty-shards.ts'
import { benchDurableAppends } from './engine/durable-appends.ts'
import { benchIdleEngine } from './engine/idle-engine.ts'
import { benchIdleShards } from './engine/idle-shards.ts'
import { type BenchLength, benchLength } from './engine/length.ts'
import { benchPeers } from './engine/peers.ts'
import { benchRecoveryScan } from './engine/recovery-scan.ts'
import { notMeasured, printTable, type Row } from './engine/row.ts'
import { benchSequentialRead } from './engine/sequential-read.ts'
import { benchSustainedAppends } from './engine/sustained-appends.ts'

const FAMILIES: Readonly<Record<string, (length: BenchLength) => Promise<readonly Row[]>>> = {
  appends: benchDurableAppends,
  sustained: benchSustainedAppends,
  acknowledge: benchAcknowledge,
  read: benchSequentialRead,
  recovery: benchRecoveryScan,
  'dirty-shards': benchDirtyShards,
  'idle-shards': benchIdleShards,
  'idle-engine': benchIdleEngine,
  peers: benchPeers,
}

export async function benchEngine(options: readonly string[]): Promise<void> {
  const length = benchLength(options.includes('--quick'))
  const wanted = options.filter((option) => option !== '--quick')
  const unknown = wanted.filter((name) => FAMILIES[name] === undefined)
  if (unknown.length > 0) {
    throw new Error(
      `expected some of: ${Object.keys(FAMILIES).join(', ')}; got ${unknown.join(', ')}`,
    )
  }
  const rows: Row[] = []
  for (const [name, bench] of Object.entries(FAMILIES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    console.error(`measuring ${name} …`)
    try {
      rows.push(...(await bench(length)))
    } catch (error) {
      console.error(error)
      rows.push(notMeasured(name, 'measured', `failed: ${String(error)}`))
    }
  }
  printTable(rows)
}
