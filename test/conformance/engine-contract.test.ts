import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { openMemoryEngine } from '../../engine/log/memory-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import { RealDisk } from '../../engine/ports/real-disk.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { describeEngineContract } from './engine-contract.ts'

const root = mkdtempSync(join(tmpdir(), 'headgate-contract-'))
afterAll(() => rmSync(root, { recursive: true }))

describeEngineContract('memory', async (clock) =>
  openMemoryEngine({ clock, random: new SeededRandom(1) }),
)

describeEngineContract('disk', (clock) =>
  openDiskEngine({
    directory: mkdtempSync(join(root, 'data-')),
    clock,
    random: new SeededRandom(1),
    disk: new RealDisk(),
  }),
)

describeEngineContract('disk (simulated, small files)', (clock) =>
  openDiskEngine({
    directory: '/data',
    clock,
    random: new SeededRandom(1),
    disk: new SimulatedDisk(new SeededRandom(2)),
    // The largest set is larger than many small files.
    sizes: {
      ...SMALL_SIZES,
      journal: { ...SMALL_SIZES.journal, laterFileBytes: 96 * 1024 * 1024 },
    },
  }),
)
