/** Two members of one group at the moments in which a shard goes from one to the other. */
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import type { WriteSet } from '../log/log.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { HEARTBEAT_MS_DEFAULT } from '../streams/groups.ts'
import { buildPipeline } from './build-pipeline.ts'
import { RECONNECT_MS_MAX } from './connection.ts'
import type { Pipeline, StreamTarget } from './pipeline.ts'
import {
  COPY,
  count,
  createStream,
  expectExactlyOnce,
  keys,
  memory,
  produce,
  readAll,
  until,
} from './stream-testing.ts'
import { type TestEnvironmentOptions, testEnvironment } from './testing.ts'

const running: Pipeline[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((pipeline) => pipeline.stop(1)))
})

/** The engine, but writes that fit wait until the gate opens before they are submitted, and answers until later. */
function gated(engine: Engine) {
  let holds: (set: WriteSet) => boolean = () => false
  let held: (() => void)[] = []
  const { log, groups } = engine
  const write: Engine['log']['write'] = async (set, signal) => {
    if (holds(set)) await new Promise<void>((resolve) => held.push(resolve))
    return log.write(set, signal)
  }
  return {
    engine: {
      streams: engine.streams,
      capabilities: engine.capabilities,
      condition: () => engine.condition(),
      groups,
      log: {
        write,
        open: (at) => log.open(at),
        resolve: (shard, where) => log.resolve(shard, where),
      },
      [Symbol.asyncDispose]: async () => {},
    } satisfies Engine as Engine,
    hold: (those: (set: WriteSet) => boolean): void => {
      holds = those
    },
    held: (): number => held.length,
    open: (): void => {
      holds = () => false
      for (const resolve of held) resolve()
      held = []
    },
  }
}

const isCommit = ({ offsets }: WriteSet): boolean => offsets !== undefined
const isBarrier = ({ appends, offsets }: WriteSet): boolean =>
  appends.length === 0 && offsets === undefined

async function start(engine: Engine, options: TestEnvironmentOptions = {}): Promise<Pipeline> {
  const pipeline = await buildPipeline(COPY, testEnvironment({ engine, ...options }))
  running.push(pipeline)
  await pipeline.connect()
  return pipeline
}

async function turns(total: number): Promise<void> {
  for (let turn = 0; turn < total; turn++) await setImmediate()
}

/** Streams as the engine has them, but for those that a test hides. */
function directory(engine: Engine, hidden: Set<string>) {
  return {
    resolve: (namespace: string, name: string): StreamTarget | undefined => {
      const [found] = engine.streams.describe([`${namespace}/${name}`])
      if (found === undefined || hidden.has(name)) return undefined
      return { stream: found.name, incarnation: found.incarnation, check: undefined }
    },
  }
}

async function sourceAndTarget(records: number): Promise<Engine> {
  const engine = memory()
  await createStream(engine, 'source', 2)
  await createStream(engine, 'target', 1)
  await produce(engine, 'source', keys(records))
  return engine
}

describe('a shard that goes to another member', () => {
  test('the last write of the former member, submitted after the join, is refused', async () => {
    await using engine = await sourceAndTarget(300)
    const former = gated(engine)
    former.hold(isCommit)
    await start(former.engine)
    await until(() => former.held() > 0)
    await start(engine)
    await turns(20)
    former.open()
    await until(() => count(engine, 'target') >= 300)
    await turns(50)
    expectExactlyOnce(await readAll(engine, 'target'), 300)
  })

  test('what the former member lands while it learns of the change is refused', async () => {
    await using engine = await sourceAndTarget(300)
    const clock = new SimulatedClock()
    const former = gated(engine)
    // Everything waits at the output until the former member is in the middle of learning what it still holds.
    const hidden = new Set(['target'])
    await start(former.engine, { clock, streams: directory(engine, hidden) })
    await turns(20)
    await start(engine)
    const taken = engine.groups.offsets('pipeline.test')
    await until(() => engine.groups.offsets('pipeline.test').length > taken.length)
    former.hold(isBarrier)
    await clock.advance(HEARTBEAT_MS_DEFAULT)
    await until(() => former.held() === 1)
    hidden.clear()
    await clock.advance(2 * RECONNECT_MS_MAX)
    await turns(50)
    former.open()
    await until(() => count(engine, 'target') >= 300)
    await turns(50)
    expectExactlyOnce(await readAll(engine, 'target'), 300)
  })

  test('the former member leaves with its last write under way', async () => {
    await using engine = await sourceAndTarget(300)
    const former = gated(engine)
    former.hold(isCommit)
    const pipeline = await start(former.engine)
    await until(() => former.held() > 0)
    await pipeline.stop(1)
    await start(engine)
    former.open()
    await until(() => count(engine, 'target') >= 300)
    await turns(50)
    expectExactlyOnce(await readAll(engine, 'target'), 300)
  })
})

describe('a member that is closed while it joins', () => {
  test('leaves the group, and begins to read nothing', async () => {
    await using engine = await sourceAndTarget(10)
    const gate = gated(engine)
    gate.hold(isBarrier)
    const opened: number[] = []
    const watched: Engine = {
      ...gate.engine,
      log: {
        ...gate.engine.log,
        open: (at) => {
          opened.push(at.shard)
          return engine.log.open(at)
        },
      },
    }
    const pipeline = await buildPipeline(COPY, testEnvironment({ engine: watched }))
    const connecting = pipeline.connect().catch(() => {})
    await until(() => gate.held() === 1)
    const stopped = pipeline.stop(1)
    gate.open()
    await Promise.all([connecting, stopped])
    await turns(20)
    expect(opened).toEqual([])
    await start(engine)
    await until(() => count(engine, 'target') === 10)
  })
})
