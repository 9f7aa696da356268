import { expect, test } from 'vitest'
import { buildPipeline } from './build-pipeline.ts'
import { count, createStream, memory, produce, until } from './stream-testing.ts'
import { testEnvironment } from './testing.ts'

/** From `source` to the compacted `target`, by what `key` gives, or without a key. */
const copy = (key: string | undefined) => ({
  input: { stream: { name: 'source' } },
  output: { stream: { name: 'target', ...(key === undefined ? {} : { key }) } },
})

test('a message without a key is held back from a compacted stream, and says why', async () => {
  await using engine = memory()
  await createStream(engine, 'source', 1)
  const incarnation = await createStream(engine, 'target', 2)
  const [target] = engine.streams.describe(['default/target'])
  if (target === undefined) throw new Error('expected the target, got none')
  await engine.streams.alter(incarnation, { ...target, compaction: 'key' })
  await produce(engine, 'source', ['a', 'b', 'a'])

  const keyless = await buildPipeline(copy(undefined), testEnvironment({ engine }))
  await keyless.connect()
  await until(() => keyless.state().message?.includes('expected a key in each record') === true)
  expect(engine.groups.offsets('pipeline.test')).toEqual([])
  expect(await keyless.stop(60_000)).toBe('drained')
  expect(count(engine, 'target')).toBe(0)

  const keyed = await buildPipeline(copy('${! this.n % 2 }'), testEnvironment({ engine }))
  await keyed.connect()
  await until(() => count(engine, 'target') === 3)
  await keyed.stop(60_000)
  const found = await engine.log.latest('default/target', incarnation, Buffer.from('0'))
  expect(Buffer.from(found?.data ?? []).toString()).toBe('{"n":2}')
})
