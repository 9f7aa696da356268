/** A process that dies at any write while a set is posted: the former set is in force, or the new one, and nothing between. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { type Death, mortality } from '../../test/harness/death-at-write.ts'
import type { SourceFile } from '../control-plane.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import { engineThat, type World } from '../testing.ts'
import { fileOf, pipelineSpec, postedWorld, settle } from './testing.ts'

const FORMER = [
  fileOf('Stream', 'raw', { retention: { age: '1h' } }),
  fileOf('Stream', 'gone', { deletionPolicy: 'Delete' }),
  fileOf('Stream', 'clean', {}),
  fileOf('Pipeline', 'p', pipelineSpec('raw', 'clean')),
]
const NEW = [
  fileOf('Stream', 'raw', { retention: { age: '2h' } }),
  fileOf('Stream', 'other', {}),
  fileOf('Pipeline', 'p', pipelineSpec('raw', 'other')),
]

function unlessDead(engine: Engine): Engine {
  return engineThat(engine, async (change) => {
    mortality.expectAlive()
    return change()
  })
}

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  await plane.sources.firstConvergence()
  return plane
}

const post = (plane: RunningControlPlane, files: readonly SourceFile[]): Promise<unknown> =>
  plane.sources.apply('shop', { files, dryRun: false })

/** Answers what was found in force, and whether it died at all. */
async function crashAt(
  step: number,
  when: Death['when'],
): Promise<{ readonly died: boolean; readonly inForce: 'former' | 'new' }> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-posted-crash-'))
  try {
    const first = postedWorld({ dataDirectory })
    const plane = await start(first)
    await post(plane, FORMER)
    const { engine } = first
    await plane[Symbol.asyncDispose]()
    const doomed = await start(postedWorld({ dataDirectory, engine: unlessDead(engine) }))
    const died = mortality.dieAt(step, when)
    const answered = await post(doomed, NEW).then(
      () => true,
      () => false,
    )
    await Promise.allSettled([doomed[Symbol.asyncDispose]()])
    mortality.revive()
    const last = postedWorld({ dataDirectory, engine })
    const again = await start(last)
    await settle(last)
    const inForce = expectOneOfBoth(last, again)
    if (answered) expect(inForce).toBe('new')
    await again[Symbol.asyncDispose]()
    return { died: died.dead, inForce }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

function expectOneOfBoth(
  { engine, pipelines }: World,
  plane: RunningControlPlane,
): 'former' | 'new' {
  const live = engine.streams
    .describe()
    .filter(({ sealed }) => sealed === undefined)
    .map(({ name, retention }) => `${name} ${retention.ageMs}`)
    .sort()
  const running = pipelines.filter(({ phase }) => phase === 'running')
  const day = 24 * 3_600_000
  const isNew = live.includes(`default/other ${day}`)
  expect(live).toEqual(
    isNew
      ? [`default/other ${day}`, 'default/raw 7200000']
      : [`default/clean ${day}`, `default/gone ${day}`, 'default/raw 3600000'],
  )
  expect(running.map(({ config }) => JSON.stringify(config).includes('other'))).toEqual([isNew])
  expect(plane.sources.get('shop')?.status).toMatchObject({
    blocked: [],
    converged: isNew ? 3 : 4,
  })
  return isNew ? 'new' : 'former'
}

describe('a crash at any write of a post, then a start', () => {
  for (const when of ['before', 'after'] as const)
    test(`finds the former set in force or the new one, killed ${when} the write`, async () => {
      mortality.watchWrites()
      const found: string[] = []
      for (let step = 1; ; step += 1) {
        const { died, inForce } = await crashAt(step, when)
        if (!died) break
        found.push(inForce)
        expect(step).toBeLessThan(100)
      }
      expect(found.length).toBeGreaterThan(10)
      // There is one point before which it is the one, and after which it is the other.
      expect([...found].sort()).toEqual(found)
      expect(new Set(found).size).toBe(2)
    })
})
