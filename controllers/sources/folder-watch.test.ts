import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { realClock } from '../../engine/ports/real-clock.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { FolderWatch, SWEEP_EVERY_MS } from './folder-watch.ts'

/** Answers the next look. */
function looks(): { next(): Promise<void>; look(): void } {
  let wake: () => void = () => undefined
  return { next: () => new Promise((resolve) => (wake = resolve)), look: () => wake() }
}

describe('watching a folder', () => {
  test('hints at a new file, an edit, a rename over it, and a file in a new folder', async () => {
    const root = mkdtempSync(join(tmpdir(), 'headgate-watch-'))
    const { next, look } = looks()
    await using _watch = new FolderWatch(root, realClock, look)
    const file = join(root, 'a.yaml')
    // The watch needs a moment to be there; a change is repeated until it was seen, as the timer would.
    let seen = false
    void next().then(() => (seen = true))
    while (!seen) {
      writeFileSync(file, 'x')
      await realClock.sleep(20)
    }
    for (const change of [
      () => writeFileSync(file, 'changed'),
      () => {
        writeFileSync(join(root, 'a.tmp'), 'new')
        renameSync(join(root, 'a.tmp'), file)
      },
      () => {
        mkdirSync(join(root, 'folder'))
        writeFileSync(join(root, 'folder/b.yaml'), 'b')
      },
    ]) {
      const looked = next()
      change()
      await looked
    }
  })

  test('looks again without any event, for events get lost', async () => {
    const clock = new SimulatedClock()
    let count = 0
    await using _watch = new FolderWatch('/nonexistent', clock, () => count++)
    clock.advance(SWEEP_EVERY_MS)
    clock.advance(SWEEP_EVERY_MS)
    expect(count).toBe(2)
  })

  test('is silent once disposed', async () => {
    const clock = new SimulatedClock()
    let count = 0
    await new FolderWatch('/nonexistent', clock, () => count++)[Symbol.asyncDispose]()
    clock.advance(10 * SWEEP_EVERY_MS)
    expect(count).toBe(0)
  })
})
