import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PipelineInspection } from '../engine/pipelines/pipeline.ts'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import { declare, FakeSource, setOf, type World, worldOf } from './testing.ts'

const running: RunningControlPlane[] = []
let secretsDirectory = ''
beforeEach(() => {
  secretsDirectory = mkdtempSync(join(tmpdir(), 'headgate-rotation-'))
  mkdirSync(join(secretsDirectory, 'default', 'api'), { recursive: true })
})
afterEach(async () => {
  for (const plane of running.splice(0)) await plane[Symbol.asyncDispose]()
  rmSync(secretsDirectory, { recursive: true, force: true })
})

const write = (path: string, value: string): void =>
  writeFileSync(join(secretsDirectory, path), value)

const members = [
  declare('Stream', 's'),
  declare('Sink', 'out', {
    reads: 's',
    secrets: [{ fromSecret: { name: 'api', key: 'token' } }, { fromEnv: 'USER_NAME' }],
  }),
  declare('Pipeline', 'other', { reads: 's', secrets: [{ fromFile: 'plain' }] }),
]

async function start(
  env: Record<string, string>,
): Promise<{ world: World; plane: RunningControlPlane }> {
  const world = worldOf([new FakeSource(setOf(members))], { secretsDirectory, env })
  const inspectPipeline = async (config: unknown): Promise<PipelineInspection> => ({
    problems: [],
    streams: [],
    needs: [],
    exclusives: [],
    secrets: (config as { secrets: PipelineInspection['secrets'] }).secrets,
    atLeastOnceBecause: undefined,
  })
  const options = { ...world.options, builders: { ...world.options.builders, inspectPipeline } }
  const plane = await startControlPlane(options)
  running.push(plane)
  await plane.sources.firstConvergence()
  return { world, plane }
}

/** Until it is so, sweeping as often as it takes; files are read outside of the simulated time. */
async function until({ clock }: World, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await clock.advance(1_000)
    for (let index = 0; index < 20; index += 1) await turn()
  }
}

/** The phases of the runs of a kind, oldest first. */
const phases = ({ pipelines }: World, kind: 'sink' | 'pipeline'): readonly string[] =>
  pipelines
    .filter(({ config }) => JSON.stringify(config).includes('"sink"') === (kind === 'sink'))
    .map(({ phase }) => phase)

function conditionOf(plane: RunningControlPlane, type: string) {
  const { status } = (plane.resources.get('Sink', 'default', 'out') ?? {}) as {
    status?: { conditions?: { type: string; status: string; reason: string; message: string }[] }
  }
  return status?.conditions?.find((condition) => condition.type === type)
}

describe('a secret in use', () => {
  test('that is changed starts what uses it again, and nothing else', async () => {
    write('default/api/token', 'one')
    write('plain', 'p')
    const { world, plane } = await start({ USER_NAME: 'u' })
    const revision = plane.resources.revision()
    await world.clock.advance(120_000)
    for (let index = 0; index < 50; index += 1) await turn()
    expect(phases(world, 'sink')).toEqual(['running'])
    write('default/api/token', 'two')
    await until(world, () => phases(world, 'sink').length > 1)
    expect(phases(world, 'sink')).toEqual(['stopped', 'running'])
    expect(phases(world, 'pipeline')).toEqual(['running'])
    expect(conditionOf(plane, 'Ready')?.status).toBe('True')
    expect(plane.resources.revision()).toBe(revision)
  })

  test('that is not there is told by its reference, and found when it comes', async () => {
    write('plain', 'p')
    const { world, plane } = await start({ USER_NAME: 'u' })
    expect(conditionOf(plane, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'SecretMissing',
      message: 'The secret fromSecret default/api/token cannot be resolved.',
    })
    expect(conditionOf(plane, 'Stalled')?.reason).toBe('SecretMissing')
    expect(phases(world, 'pipeline')).toEqual(['running'])
    expect(plane.sources.get('local')?.status).toMatchObject({ problemCount: 0 })
    write('default/api/token', 'one')
    await until(world, () => conditionOf(plane, 'Ready')?.status === 'True')
    expect(phases(world, 'sink')).toEqual(['running'])
    expect(conditionOf(plane, 'Stalled')).toBeUndefined()
  })

  test('that goes leaves what runs alone, and says so until it is back', async () => {
    write('default/api/token', 'one')
    write('plain', 'p')
    const { world, plane } = await start({ USER_NAME: 'u' })
    rmSync(join(secretsDirectory, 'default/api/token'))
    await until(world, () => conditionOf(plane, 'Ready')?.status === 'False')
    expect(conditionOf(plane, 'Ready')?.reason).toBe('SecretMissing')
    expect(phases(world, 'sink')).toEqual(['running'])
    write('default/api/token', 'one')
    await until(world, () => conditionOf(plane, 'Ready')?.status === 'True')
    expect(phases(world, 'sink')).toEqual(['running'])
  })
})
