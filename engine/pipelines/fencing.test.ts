/** Two members of one group at the moments in which a shard goes from one to the other. */
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { DRAIN_MS_MAX } from '../components/inputs/stream.ts'
import type { Engine } from '../engine.ts'
import { encodeBatch } from '../log/batch.ts'
import { openDiskEngine } from '../log/disk-engine.ts'
import type { WriteSet } from '../log/log.ts'
import type { Clock } from '../ports/clock.ts'
import { realClock } from '../ports/real-clock.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { SimulatedDisk } from '../ports/simulated-disk.ts'
import {
  HEARTBEAT_MS_DEFAULT,
  HEARTBEAT_SETTLING_MS,
  SESSION_MS_DEFAULT,
} from '../streams/groups.ts'
import { buildPipeline } from './build-pipeline.ts'
import type { Pipeline } from './pipeline.ts'
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
      measures: () => engine.measures(),
      groups,
      log: {
        write,
        open: (at) => log.open(at),
        resolve: (shard, where) => log.resolve(shard, where),
        latest: (...asked) => log.latest(...asked),
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

async function sourceAndTarget(records: number, clock?: Clock): Promise<Engine> {
  const engine = memory(clock)
  await createStream(engine, 'source', 2)
  await createStream(engine, 'target', 1)
  await produce(engine, 'source', keys(records))
  return engine
}

function received(...pipelines: readonly Pipeline[]): number {
  return pipelines.reduce((sum, one) => sum + one.state().counters.inputReceived, 0)
}

/** Who holds how many shards, in the order in which they joined. */
function holders(engine: Engine): readonly number[] {
  const [group] = engine.groups.describe(['pipeline.test'])
  return group?.members.map(({ shards }) => shards.length) ?? []
}

describe('a shard that goes to another member', () => {
  test('is committed as far as it was read first, so that nothing is read twice', async () => {
    await using engine = await sourceAndTarget(300)
    const [clock, other] = [new SimulatedClock(), new SimulatedClock()]
    const former = gated(engine)
    former.hold(isCommit)
    const first = await start(former.engine, { clock })
    await until(() => former.held() > 0)
    const second = await start(engine, { clock: other })
    await clock.advance(HEARTBEAT_MS_DEFAULT)
    await other.advance(HEARTBEAT_MS_DEFAULT)
    await turns(20)
    expect(holders(engine)).toEqual([2, 0])
    former.open()
    await until(() => count(engine, 'target') === 300)
    await clock.advance(HEARTBEAT_SETTLING_MS)
    await other.advance(HEARTBEAT_MS_DEFAULT)
    await until(() => holders(engine).join() === '1,1')
    await produce(engine, 'source', keys(100))
    await other.advance(HEARTBEAT_MS_DEFAULT)
    await until(() => count(engine, 'target') === 400)
    expect(received(first, second)).toBe(400)
    expectExactlyOnce(await readAll(engine, 'target'), 400)
  })

  test('waits no longer than a while, and what its former member submits then is refused', async () => {
    await using engine = await sourceAndTarget(300)
    const [clock, other] = [new SimulatedClock(), new SimulatedClock()]
    const former = gated(engine)
    former.hold(isCommit)
    await start(former.engine, { clock })
    await until(() => former.held() > 0)
    await start(engine, { clock: other })
    await clock.advance(HEARTBEAT_MS_DEFAULT)
    await turns(20)
    await clock.advance(DRAIN_MS_MAX)
    await turns(20)
    await clock.advance(HEARTBEAT_SETTLING_MS)
    expect(holders(engine)).toEqual([1, 1])
    await other.advance(HEARTBEAT_MS_DEFAULT)
    await until(() => count(engine, 'target') > 0)
    former.open()
    await until(() => count(engine, 'target') >= 300)
    await turns(50)
    expectExactlyOnce(await readAll(engine, 'target'), 300)
  })

  test('after a pause beyond the session, late writes are refused and both go on', async () => {
    const engineClock = new SimulatedClock()
    await using engine = await sourceAndTarget(300, engineClock)
    const [clock, other] = [new SimulatedClock(), new SimulatedClock()]
    const paused = gated(engine)
    paused.hold(isCommit)
    await start(paused.engine, { clock })
    await until(() => paused.held() > 0)
    await engineClock.advance(SESSION_MS_DEFAULT)
    await start(engine, { clock: other })
    expect(holders(engine)).toEqual([2])
    await until(() => count(engine, 'target') === 300)
    const offsets = engine.groups.offsets('pipeline.test')
    paused.open()
    await turns(50)
    expect(engine.groups.offsets('pipeline.test')).toEqual(offsets)
    await until(() => holders(engine).length === 2)
    await other.advance(2 * HEARTBEAT_MS_DEFAULT)
    await clock.advance(HEARTBEAT_MS_DEFAULT)
    await until(() => holders(engine).join() === '1,1')
    await produce(engine, 'source', keys(100))
    await until(() => count(engine, 'target') === 400)
    expectExactlyOnce(await readAll(engine, 'target'), 400)
  })

  test('is begun behind what its former member has written and the disk does not have yet', async () => {
    const random = new SeededRandom(1)
    const disk = new SimulatedDisk(random)
    await using engine = await openDiskEngine({ directory: '/d', clock: realClock, random, disk })
    await createStream(engine, 'source', 2)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(300))
    const former = gated(engine)
    former.hold(isCommit)
    await start(former.engine)
    await until(() => former.held() > 0)
    const sync = disk.holdSyncs()
    former.open()
    await turns(5)
    const [group] = engine.groups.describe(['pipeline.test'])
    for (const { member } of group?.members ?? [])
      await engine.groups.leave('pipeline.test', member)
    const started = start(engine)
    await turns(50)
    sync()
    await started
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

describe('a group whose offsets are set by hand', () => {
  test('reads again from there, though its members keep their shards', async () => {
    await using engine = await sourceAndTarget(100)
    const clock = new SimulatedClock()
    await start(engine, { clock })
    await until(() => count(engine, 'target') === 100)
    await engine.groups.reset(
      'pipeline.test',
      engine.groups.offsets('pipeline.test').map((offset) => ({ ...offset, next: 1 })),
    )
    await clock.advance(HEARTBEAT_MS_DEFAULT)
    await until(() => count(engine, 'target') === 200)
  })
})

describe('a stream that grows under a group', () => {
  test('has its new shards read from their first record, wherever the group began', async () => {
    await using engine = memory()
    const incarnation = await createStream(engine, 'source', 2)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(50))
    const clock = new SimulatedClock()
    const latest = { ...COPY, input: { stream: { name: 'source', start: 'latest' } } }
    const pipeline = await buildPipeline(latest, testEnvironment({ engine, clock }))
    running.push(pipeline)
    await pipeline.connect()
    expect(engine.groups.offsets('pipeline.test').length).toBe(2)
    const [source] = engine.streams.describe(['default/source'])
    if (source === undefined) throw new Error('expected the stream, got none')
    await engine.streams.alter(incarnation, { ...source, shards: 3 })
    const batch = encodeBatch(['a', 'b', 'c'].map(() => ({ data: Buffer.from('{"n":1}') })))
    await engine.log.write({ appends: [{ stream: source.name, incarnation, shard: 2, batch }] })
    await clock.advance(HEARTBEAT_MS_DEFAULT)
    await until(() => count(engine, 'target') === 3)
    const sequences = (await readAll(engine, 'target')).map(({ headers }) =>
      Buffer.from(headers.find(({ name }) => name === 'sequence')?.value ?? []).toString(),
    )
    expect(sequences).toEqual(['1', '2', '3'])
  })
})
