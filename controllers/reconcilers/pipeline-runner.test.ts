import { describe, expect, test, vi } from 'vitest'
import type { Pipeline, PipelineEnvironment } from '../../engine/pipelines/pipeline.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { FakePipeline } from '../testing.ts'
import { ExclusiveClaims, exclusiveName } from './exclusive-claims.ts'
import { PipelineRunner, type Run } from './pipeline-runner.ts'

const runOf = (config: string, given: Partial<Run> = {}): Run => ({
  key: 'Pipeline/default/p',
  digest: config,
  runDigest: config,
  config: { config },
  environment: {} as PipelineEnvironment,
  exclusives: [],
  active: true,
  completed: false,
  ...given,
})

function runnerOf(claims = new ExclusiveClaims()): {
  runner: PipelineRunner
  built: FakePipeline[]
  completed: string[]
  clock: SimulatedClock
} {
  const built: FakePipeline[] = []
  const completed: string[] = []
  const clock = new SimulatedClock()
  const runner = new PipelineRunner({
    claims,
    clock,
    async build(config) {
      const pipeline = new FakePipeline(config, () => JSON.stringify(config).includes('busy'))
      built.push(pipeline)
      return pipeline
    },
    stopDeadlineMs: 10,
    onCompleted: (_key, digest) => completed.push(digest),
  })
  return { runner, built, completed, clock }
}
const phases = (built: readonly FakePipeline[]): readonly string[] =>
  built.map(({ phase }) => phase)

describe('the runner', () => {
  test('leaves alone what is unchanged', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    await runner.apply(runOf('a', { digest: 'other labels' }))
    expect(phases(built)).toEqual(['running'])
    expect(runner.state('Pipeline/default/p')?.digest).toBe('other labels')
  })

  test('gives the old one back where the new one cannot connect, and rejects', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    await expect(runner.apply(runOf('busy'))).rejects.toMatchObject({ code: 'ResourceBusy' })
    expect(phases(built)).toEqual(['stopped', 'stopped', 'running'])
    expect(runner.state('Pipeline/default/p')?.digest).toBe('a')
  })

  test('gives back what stood down for something that did not come, and starts nothing meanwhile', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    const stood = await runner.standDown('Pipeline/default/p')
    expect(phases(built)).toEqual(['stopped'])
    expect(runner.state('Pipeline/default/p')?.standsDown).toBe(true)
    await stood[Symbol.asyncDispose]()
    expect(phases(built)).toEqual(['stopped', 'running'])
    expect(runner.state('Pipeline/default/p')?.standsDown).toBe(false)
  })

  test('runs what was prepared, once, and gives up what nobody asked for', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    await using used = await runner.prepare(runOf('b'))
    expect(used).toMatchObject({ stops: true, waitsForHolder: false })
    await using _stood = await runner.standDown('Pipeline/default/p')
    await runner.apply(runOf('b'))
    expect(phases(built)).toEqual(['stopped', 'running'])
    const unused = await runner.prepare(runOf('c'))
    await unused[Symbol.asyncDispose]()
    expect(phases(built)).toEqual(['stopped', 'running', 'stopped'])
  })

  test('stops what is paused, and starts it again', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    await runner.apply(runOf('a', { active: false }))
    expect(phases(built)).toEqual(['stopped'])
    await runner.apply(runOf('a'))
    expect(phases(built)).toEqual(['stopped', 'running'])
  })

  test('tells once that a finite input has ended, and does not run it again', async () => {
    const { runner, built, completed } = runnerOf()
    await runner.apply(runOf('a'))
    built[0]?.turn('completed')
    built[0]?.turn('completed')
    await runner.apply(runOf('a', { completed: true }))
    expect(completed).toEqual(['a'])
    expect(built).toHaveLength(1)
  })

  test('does one thing after the other with one pipeline, whoever asks', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    await Promise.allSettled([
      runner.apply(runOf('b')),
      runner.apply(runOf('busy')),
      runner.apply(runOf('c')),
    ])
    expect(built.filter(({ phase }) => phase === 'running').map(({ config }) => config)).toEqual([
      { config: 'c' },
    ])
    await Promise.all([runner.apply(runOf('d')), runner.remove('Pipeline/default/p')])
    expect(phases(built)).not.toContain('running')
  })

  test('tells how long it has run, up to where it ended', async () => {
    const { runner, built, clock } = runnerOf()
    const uptimeMs = (): number | undefined => runner.state('Pipeline/default/p')?.uptimeMs
    await runner.apply(runOf('a'))
    await clock.advance(700)
    expect(uptimeMs()).toBe(700)
    built[0]?.turn('completed')
    await clock.advance(700)
    expect(uptimeMs()).toBe(700)
    await runner.restart('Pipeline/default/p')
    await clock.advance(5)
    expect(uptimeMs()).toBe(5)
  })

  test('restarts what runs or has ended, and not what is paused', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a', { completed: true }))
    expect(built).toHaveLength(0)
    expect(await runner.restart('Pipeline/default/p')).toBe(true)
    expect(await runner.restart('Pipeline/default/p')).toBe(true)
    expect(phases(built)).toEqual(['stopped', 'running'])
    await runner.apply(runOf('a', { active: false }))
    expect(await runner.restart('Pipeline/default/p')).toBe(false)
    expect(await runner.restart('Pipeline/default/nobody')).toBe(false)
    expect(phases(built)).toEqual(['stopped', 'stopped'])
  })

  test('stops within the time that somebody gave, as long as it was given', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    const stops: number[] = []
    for (const config of ['b', 'c']) {
      const running = built.at(-1)
      if (running !== undefined)
        vi.spyOn(running as Pipeline, 'stop').mockImplementation(async (deadlineMs) => {
          stops.push(deadlineMs)
          return 'drained'
        })
      using _within = runner.stopWithin(config === 'b' ? 'Pipeline/default/p' : 'other', 3)
      await runner.apply(runOf(config))
    }
    expect(stops).toEqual([3, 10])
  })

  test('stops all of them when it ends', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    await runner.apply(runOf('b', { key: 'Sink/default/b' }))
    await runner.stopAll()
    expect(phases(built)).toEqual(['stopped', 'stopped'])
  })

  test('refuses what another one holds, says who, and lets it have it once it is free', async () => {
    const claims = new ExclusiveClaims()
    const freed: string[] = []
    claims.watch((key) => freed.push(key))
    const { runner, built } = runnerOf(claims)
    const other = { key: 'Sink/default/b', exclusives: ['file:/out'] }
    await runner.apply(runOf('a', { exclusives: ['file:/out'] }))
    await expect(runner.apply(runOf('b', other))).rejects.toMatchObject({
      code: 'ResourceBusy',
      message: 'The file /out is held by Pipeline default/p.',
    })
    expect(built).toHaveLength(1)
    await runner.apply(runOf('c', { exclusives: ['file:/elsewhere'] }))
    expect(freed).toEqual(['Sink/default/b'])
    await runner.apply(runOf('b', other))
    await expect(runner.apply(runOf('a', { exclusives: ['file:/out'] }))).rejects.toMatchObject({
      code: 'ResourceBusy',
    })
    expect(runner.state('Pipeline/default/p')?.digest).toBe('c')
  })

  test('holds on to what it has where its replacement fails', async () => {
    const { runner } = runnerOf()
    await runner.apply(runOf('a', { exclusives: ['file:/out'] }))
    const busy = runOf('busy', { exclusives: ['file:/new'] })
    await expect(runner.apply(busy)).rejects.toMatchObject({ code: 'ResourceBusy' })
    const other = (exclusives: string[]) => runOf('b', { key: 'Pipeline/default/b', exclusives })
    await expect(runner.apply(other(['file:/out']))).rejects.toThrow('held by Pipeline default/p')
    await runner.apply(other(['file:/new']))
  })

  for (const [end, act] of [
    ['is paused', (runner: PipelineRunner) => runner.apply(runOf('a', { active: false }))],
    ['is removed', (runner: PipelineRunner) => runner.remove('Pipeline/default/p')],
    [
      'has completed',
      async (_: PipelineRunner, pipeline?: FakePipeline) => pipeline?.turn('completed'),
    ],
  ] as const)
    test(`holds nothing once it ${end}`, async () => {
      const { runner, built } = runnerOf()
      await runner.apply(runOf('a', { exclusives: ['port:*:80'] }))
      await act(runner, built[0])
      await runner.apply(runOf('b', { key: 'Pipeline/default/b', exclusives: ['port:::1:80'] }))
    })
})

describe('names of what is held once', () => {
  test('are the same however they are written', () => {
    const name = (written: string) => exclusiveName(written, '/srv')
    expect(name('file:./out/../a.txt')).toBe(name('file:/srv/a.txt'))
    expect(name('port:localhost:80')).toBe('port:127.0.0.1:80')
    expect(name('port::80')).toBe(name('port:0.0.0.0:80'))
    expect(name('port:127.0.0.1:0')).toBeUndefined()
    expect(name('stdin')).toBe('stdin')
  })

  test('clash where one listens everywhere', () => {
    const claims = new ExclusiveClaims()
    claims.claim('Pipeline/default/a', ['port:*:80'])
    expect(() => claims.claim('Pipeline/default/b', ['port:127.0.0.1:80'])).toThrow('The port')
    claims.claim('Pipeline/default/b', ['port:127.0.0.1:81'])
  })
})
