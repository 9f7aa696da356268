import { describe, expect, test } from 'vitest'
import type { PipelineEnvironment } from '../../engine/pipelines/pipeline.ts'
import { FakePipeline } from '../testing.ts'
import { PipelineRunner, type Run } from './pipeline-runner.ts'

const runOf = (config: string, given: Partial<Run> = {}): Run => ({
  key: 'Pipeline/default/p',
  digest: config,
  runDigest: config,
  config: { config },
  environment: {} as PipelineEnvironment,
  active: true,
  completed: false,
  ...given,
})

function runnerOf(): { runner: PipelineRunner; built: FakePipeline[]; completed: string[] } {
  const built: FakePipeline[] = []
  const completed: string[] = []
  const runner = new PipelineRunner({
    async build(config) {
      const pipeline = new FakePipeline(config, () => JSON.stringify(config).includes('busy'))
      built.push(pipeline)
      return pipeline
    },
    stopDeadlineMs: 10,
    onCompleted: (_key, digest) => completed.push(digest),
  })
  return { runner, built, completed }
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

  test('stops all of them when it ends', async () => {
    const { runner, built } = runnerOf()
    await runner.apply(runOf('a'))
    await runner.apply(runOf('b', { key: 'Sink/default/b' }))
    await runner.stopAll()
    expect(phases(built)).toEqual(['stopped', 'stopped'])
  })
})
