/** File events are hints: when all of them are lost, the next sweep finds whatever they would have told. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SWEEP_MS_DEFAULT } from '../../controllers/apply/source-loop.ts'
import { inspectorOf } from '../../controllers/sets/testing.ts'
import { DirectorySource } from '../../controllers/sources/directory-source.ts'
import type { Source } from '../../controllers/sources/source.ts'
import { startControlPlane } from '../../controllers/start-control-plane.ts'
import { declarationOf, worldOf } from '../../controllers/testing.ts'
import { realClock } from '../../engine/ports/real-clock.ts'

const FILES = 10_000
const FOLDERS = 100
const TIMEOUT_MS = 120_000

/** In one go, so that nothing else of the process has a turn. */
function writeAll(folder: string, shards: number): void {
  for (let index = 0; index < FILES; index += 1) {
    const metadata = `{name: s${index}}`
    const text = `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: ${metadata}\nspec: {shards: ${shards}}\n`
    writeFileSync(join(folder, `f${index % FOLDERS}`, `s${index}.yaml`), text)
  }
}

/** Of whose events none arrives. */
function deaf(source: Source, onRead: () => void): Source {
  return {
    declaration: source.declaration,
    async read(signal) {
      const set = await source.read(signal)
      onRead()
      return set
    },
    watch: () => ({ [Symbol.dispose]: () => undefined }),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  }
}

test(
  'ten thousand files that are rewritten while no event arrives converge within one sweep',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-events-'))
    try {
      for (let index = 0; index < FOLDERS; index += 1) mkdirSync(join(folder, `f${index}`))
      writeAll(folder, 1)
      const source = new DirectorySource({
        declaration: { ...declarationOf('local'), location: folder },
        clock: realClock,
        inspector: inspectorOf(),
        known: () => false,
        held: () => new Set(),
        directory: folder,
      })
      let reads = 0
      const world = worldOf([deaf(source, () => (reads += 1))])
      const plane = await startControlPlane(world.options)
      await plane.sources.firstConvergence()
      const shards = (): number =>
        world.engine.streams.describe().reduce((sum, stream) => sum + stream.shards, 0)
      expect(shards()).toBe(FILES)
      const readsBefore = reads
      writeAll(folder, 2)
      const told = Promise.withResolvers<void>()
      using _watching = world.engine.streams.watch(() => {
        if (shardsChanged() === FILES) told.resolve()
      })
      let changed = 0
      const shardsChanged = (): number => ++changed
      await world.clock.advance(SWEEP_MS_DEFAULT)
      await told.promise
      expect(shards()).toBe(2 * FILES)
      expect(reads).toBe(readsBefore + 1)
      await plane[Symbol.asyncDispose]()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  TIMEOUT_MS,
)
