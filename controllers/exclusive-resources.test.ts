import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { inspectPipeline } from '../engine/pipelines/inspect-pipeline.ts'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import { declare, FakeSource, setOf, type World, worldOf } from './testing.ts'

const running: RunningControlPlane[] = []
const directory = mkdtempSync(join(tmpdir(), 'headgate-exclusive-'))
afterEach(async () => {
  await stopAll()
  rmSync(directory, { recursive: true, force: true })
})

async function stopAll(): Promise<void> {
  for (const plane of running.splice(0)) await plane[Symbol.asyncDispose]()
}

const writer = (name: string, path: string) =>
  declare('Pipeline', name, {
    input: { generate: { mapping: 'root = 1' } },
    output: { file: { path } },
  })

function worldFor(source: FakeSource, given: Parameters<typeof worldOf>[1] = {}): World {
  const world = worldOf([source], given)
  const builders = { ...world.options.builders, inspectPipeline }
  return { ...world, options: { ...world.options, builders } }
}

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  running.push(plane)
  await plane.sources.firstConvergence()
  return plane
}

/** Turns only, no time: components are loaded from files, and nothing here waits for a back-off. */
async function until({ clock }: World, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await clock.advance(0)
    await turn()
  }
}

function stateOf(plane: RunningControlPlane, name: string) {
  const { status } = (plane.resources.get('Pipeline', 'default', name) ?? {}) as {
    status?: { conditions?: { type: string; status: string; reason: string; message: string }[] }
  }
  const find = (type: string) => status?.conditions?.find((condition) => condition.type === type)
  return {
    ready: find('Ready')?.status,
    reason: find('Ready')?.reason,
    stalled: find('Stalled')?.status,
    message: find('Ready')?.message,
  }
}

const REFUSED = {
  ready: 'False',
  reason: 'ResourceBusy',
  stalled: 'True',
  message: 'The file /srv/out.jsonl is held by Pipeline default/first.',
}

test('a second pipeline with the same file is refused, whoever comes first after a restart', async () => {
  const source = new FakeSource(setOf([writer('first', 'out.jsonl')]))
  const world = worldFor(source, { dataDirectory: directory })
  const plane = await start(world)
  // Its name comes first, so that it would be tried first.
  source.say(setOf([writer('first', 'out.jsonl'), writer('a', '/srv/x/../out.jsonl')]))
  await until(world, () => world.reports.at(-1)?.failures.length === 1)
  expect(stateOf(plane, 'a')).toEqual(REFUSED)
  expect(stateOf(plane, 'first')).toMatchObject({ ready: 'True' })
  expect(world.reports.at(-1)?.failures).toMatchObject([{ code: 'ResourceBusy' }])
  await stopAll()
  const next = worldFor(source, { dataDirectory: directory, engine: world.engine })
  const again = await start(next)
  expect(stateOf(again, 'a')).toEqual(REFUSED)
  expect(stateOf(again, 'first')).toMatchObject({ ready: 'True' })
  source.say(setOf([writer('first', 'other.jsonl'), writer('a', '/srv/x/../out.jsonl')]))
  await until(next, () => stateOf(again, 'a').ready === 'True')
})

test('what a variable names is held by its value', async () => {
  const listener = (name: string, address: string) =>
    declare('Pipeline', name, { input: { http_server: { address } }, output: { drop: {} } })
  const source = new FakeSource(setOf([listener('b', '127.0.0.1:${PORT}')]))
  const world = worldFor(source, { env: { PORT: '8080' } })
  const plane = await start(world)
  source.say(setOf([listener('b', '127.0.0.1:${PORT}'), listener('c', ':8080')]))
  await until(world, () => world.reports.at(-1)?.failures.length === 1)
  expect(stateOf(plane, 'c')).toMatchObject({
    reason: 'ResourceBusy',
    message: 'The port 8080 is held by Pipeline default/b.',
  })
})
