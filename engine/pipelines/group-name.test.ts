import { afterEach, describe, expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { encodeBatch } from '../log/batch.ts'
import { buildPipeline } from './build-pipeline.ts'
import { engineGroup } from './group-name.ts'
import { inspectPipeline } from './inspect-pipeline.ts'
import type { Pipeline } from './pipeline.ts'
import { memory, until } from './stream-testing.ts'
import { testEnvironment } from './testing.ts'

const running: Pipeline[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((pipeline) => pipeline.stop(1)))
})

/** A stream `source` of the namespace with that many records, and a pipeline `copy` that reads it. */
async function startCopy(
  engine: Engine,
  namespace: string,
  records: number,
  group?: string,
): Promise<void> {
  const stream = `${namespace}/source`
  const { incarnation } = await engine.streams.create({
    name: stream,
    id: 'source',
    uid: stream,
    owner: 'test',
    digest: '',
    type: undefined,
    shards: 1,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    compaction: 'none',
    deletionPolicy: 'Delete',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
  })
  const batch = encodeBatch(
    Array.from({ length: records }, () => ({ headers: [], data: Buffer.from('x') })),
  )
  await engine.log.write({ appends: [{ stream, incarnation, batch }] })
  const input = { stream: { name: 'source', ...(group === undefined ? {} : { group }) } }
  const environment = testEnvironment({ engine, namespace, name: 'copy' })
  const pipeline = await buildPipeline({ input, output: { drop: {} } }, environment)
  running.push(pipeline)
  await pipeline.connect()
}

const offsets = (engine: Engine, group: string) =>
  engine.groups.offsets(group).map(({ stream, next }) => [stream, next])

describe('consumer groups of two namespaces', () => {
  for (const [named, group] of [
    ['of a pipeline', undefined],
    ['that configs name', 'shared'],
  ] as const)
    test(`never meet: those ${named}`, async () => {
      await using engine = memory()
      const name = group ?? 'pipeline.copy'
      await startCopy(engine, 'default', 3, group)
      await startCopy(engine, 'team', 5, group)
      await until(() => offsets(engine, name).length > 0)
      await until(() => offsets(engine, `team/${name}`).length > 0)
      expect(offsets(engine, name)).toEqual([['default/source', 4]])
      expect(offsets(engine, `team/${name}`)).toEqual([['team/source', 6]])
      await engine.groups.reset(name, [])
      expect(offsets(engine, `team/${name}`)).toEqual([['team/source', 6]])
    })

  test('cannot be named across', async () => {
    const input = { stream: { name: 'source', group: 'team/pipeline.copy' } }
    const { problems } = await inspectPipeline({ input, output: { drop: {} } })
    expect(problems[0]?.message).toContain('without a slash')
    expect(problems).toMatchObject([{ path: ['input', 'stream', 'group'], severity: 'error' }])
    expect(() => engineGroup('default', 'team/pipeline.copy')).toThrow('without a slash')
  })
})
