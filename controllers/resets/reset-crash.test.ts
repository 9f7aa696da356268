/** A process that dies at any write of the catalog or of the engine while it resets a pipeline, and what the next makes of it. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { openMemoryEngine } from '../../engine/log/memory-engine.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { type Death, mortality } from '../../test/harness/death-at-write.ts'
import { setOf } from '../testing.ts'
import { append, copying, countOf, quiet, startWorld, streams, until } from './testing.ts'

/** More than one reset makes; what is beyond is a crash that never comes. */
const WRITES_MAX = 40

/** Positions move in steps of their own; whatever else a process that is gone would do to the engine is refused. */
function mortal(engine: Engine, life: { isOver: boolean }): Engine {
  const alive = async <T>(act: () => Promise<T>): Promise<T> => {
    if (life.isOver || mortality.isDead) throw new Error('dead')
    return act()
  }
  const { log, groups, capabilities, streams: all } = engine
  return {
    capabilities,
    log: {
      write: (...given) => alive(() => log.write(...given)),
      open: (at) => log.open(at),
      resolve: (...given) => log.resolve(...given),
      latest: (...given) => log.latest(...given),
    },
    groups: {
      join: (request) => alive(() => groups.join(request)),
      heartbeat: (...given) => alive(() => groups.heartbeat(...given)),
      leave: (...given) => alive(() => groups.leave(...given)),
      offsets: (group) => groups.offsets(group),
      describe: (names) => groups.describe(names),
      reset: async (...given) => {
        const now = mortality.death
        if (now === undefined) return alive(() => groups.reset(...given))
        if (now.dead) throw new Error('dead')
        now.writes += 1
        const isLast = now.writes >= now.step
        if (isLast && now.when === 'before') now.dead = true
        await alive(() => groups.reset(...given))
        if (!isLast) return
        now.dead = true
        throw new Error('killed')
      },
    },
    condition: () => engine.condition(),
    measures: () => engine.measures(),
    [Symbol.asyncDispose]: async () => undefined,
    streams: {
      create: (...given) => alive(() => all.create(...given)),
      alter: (...given) => alive(() => all.alter(...given)),
      rename: (...given) => alive(() => all.rename(...given)),
      delete: (...given) => alive(() => all.delete(...given)),
      describe: (names) => all.describe(names),
      watch: (listener) => all.watch(listener),
    },
  }
}

const RESET = copying({
  pipeline: { processors: [{ mapping: 'root = content().uppercase()' }] },
  reset: { id: 'one', to: 'earliest' },
})

/** Copies, resets and dies on the way; answers how many records were copied in the end, and whether it died. */
async function crashAt(
  step: number,
  when: Death['when'],
): Promise<{ readonly died: boolean; readonly copied: number }> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-reset-crash-'))
  const clock = new SimulatedClock()
  const engine = openMemoryEngine({ clock, random: new SeededRandom(1) })
  try {
    const life = { isOver: false }
    const first = await startWorld([...streams(), copying()], {
      engine: mortal(engine, life),
      clock,
      dataDirectory,
      stopDeadlineMs: 1_000,
    })
    await append(engine, ['a', 'b', 'c', 'd'])
    await until(first, () => countOf(engine) === 4)
    await quiet(first)
    const death = mortality.dieAt(step, when)
    first.source.say(setOf([...streams(), RESET]))
    await quiet(first, () => mortality.isDead)
    const died = death.dead
    life.isOver = true
    // The next process opens what the one that died has left.
    const left = `${dataDirectory}-left`
    cpSync(dataDirectory, left, { recursive: true })
    death.dead = true
    const ended = Promise.resolve(first.plane[Symbol.asyncDispose]()).catch(() => undefined)
    // Its session ends, and whatever it still waits for.
    await clock.advance(15_000)
    await ended
    mortality.revive()
    const next = { isOver: false }
    const second = await startWorld([...streams(), RESET], {
      engine: mortal(engine, next),
      clock,
      dataDirectory: left,
    })
    await until(second, () => countOf(engine) >= 8, 'the second copy')
    await quiet(second)
    const copied = countOf(engine)
    await second.plane[Symbol.asyncDispose]()
    rmSync(left, { recursive: true, force: true })
    return { died, copied }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

test('a crash at any step of a reset leaves one reset, and no record is read thrice', async () => {
  mortality.watchWrites()
  const wrong: string[] = []
  let deaths = 0
  for (let step = 1; step <= WRITES_MAX && deaths === 2 * (step - 1); step += 1)
    for (const when of ['before', 'after'] as const) {
      const { died, copied } = await crashAt(step, when)
      if (died) deaths += 1
      if (copied !== 8) wrong.push(`${copied} copied after a crash ${when} write ${step}`)
    }
  expect(wrong).toEqual([])
  // The reset itself is in reach of these crashes: it is begun, made and done within them.
  expect(deaths).toBeGreaterThan(10)
})
