import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { openDiskEngine } from '../log/disk-engine.ts'
import { realClock } from '../ports/real-clock.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedDisk } from '../ports/simulated-disk.ts'
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

async function start(
  spec: unknown,
  engine: Engine,
  options: TestEnvironmentOptions = {},
): Promise<Pipeline> {
  const pipeline = await buildPipeline(spec, testEnvironment({ engine, ...options }))
  running.push(pipeline)
  await pipeline.connect()
  return pipeline
}

/** The engine as one process sees it that may die: afterwards nothing it asks for happens or answers. */
function mortalEngine(engine: Engine): { engine: Engine; die: () => Promise<void> } {
  let dead = false
  const members = new Set<string>()
  const never = new Promise<never>(() => {})
  const unlessDead = async <T>(act: () => Promise<T>): Promise<T> => {
    if (dead) return never
    const result = await act()
    return dead ? never : result
  }
  const { log, groups } = engine
  return {
    engine: {
      streams: engine.streams,
      capabilities: engine.capabilities,
      condition: () => engine.condition(),
      measures: () => engine.measures(),
      [Symbol.asyncDispose]: async () => {},
      log: {
        write: (set) => unlessDead(() => log.write(set)),
        open: (at) => log.open(at),
        resolve: (shard, where) => unlessDead(() => log.resolve(shard, where)),
        latest: (...asked) => unlessDead(() => log.latest(...asked)),
      },
      groups: {
        join: (request) => {
          members.add(request.member)
          return unlessDead(() => groups.join(request))
        },
        heartbeat: (group, member) => unlessDead(() => groups.heartbeat(group, member)),
        leave: (group, member) => unlessDead(() => groups.leave(group, member)),
        offsets: (group) => groups.offsets(group),
        reset: (group, offsets) => unlessDead(() => groups.reset(group, offsets)),
        describe: (names) => groups.describe(names),
      },
    },
    die: async () => {
      dead = true
      // What the coordinator of a process that is gone forgets.
      for (const member of members) await groups.leave('pipeline.test', member)
    },
  }
}

describe('from stream to stream', () => {
  test('copies every record once, with what mappings see of it', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 3)
    await createStream(engine, 'target', 2)
    await produce(engine, 'source', keys(1_000))
    await start(COPY, engine)
    await until(() => count(engine, 'target') >= 1_000)
    const records = await readAll(engine, 'target')
    expectExactlyOnce(records, 1_000)
    const last = records.at(-1)
    expect(JSON.parse(Buffer.from(last?.data ?? []).toString())).toHaveProperty('doubled')
    expect(Buffer.from(last?.key ?? []).toString()).toMatch(/^k\d+$/)
  })

  test('a pipeline that dies at any moment makes one dead letter of each record that fails', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 3)
    await createStream(engine, 'target', 2)
    await createStream(engine, 'failed', 2)
    const fails = { mapping: 'root = if this.n % 3 == 0 { throw("three") } else { this }' }
    const spec = {
      ...COPY,
      pipeline: { processors: [fails] },
      output: { dead_letter: { stream: 'failed', output: COPY.output } },
    }
    for (let round = 0; round < 12; round++) {
      await produce(engine, 'source', keys(300))
      const mortal = mortalEngine(engine)
      const before = count(engine, 'target')
      await start(spec, mortal.engine)
      if (round % 3 !== 0) await until(() => count(engine, 'target') > before)
      for (let turn = 0; turn < round % 7; turn++) await Promise.resolve()
      await mortal.die()
    }
    await start(spec, engine)
    await until(() => count(engine, 'target') + count(engine, 'failed') >= 12 * 300)
    expectExactlyOnce(await readAll(engine, 'target'), 12 * 200)
    const letters = await readAll(engine, 'failed')
    const places = letters.map(({ headers }) => {
      const place = headers.filter(({ name }) => /^headgate-(shard|sequence)$/.test(name))
      return place.map(({ value }) => String(value)).join('/')
    })
    expect(new Set(places).size).toBe(12 * 100)
    expect(letters).toHaveLength(12 * 100)
  })

  test('commits what it read with what it wrote, through filters too', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(100))
    const filter = { mapping: 'root = if this.n % 2 == 0 { deleted() }' }
    await start({ ...COPY, pipeline: { processors: [filter] } }, engine)
    await until(() => engine.groups.offsets('pipeline.test')[0]?.next === 101)
    expect(count(engine, 'target')).toBe(50)
  })

  test('a pipeline that dies at any moment and is started again repeats nothing', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 4)
    await createStream(engine, 'target', 3)
    for (let round = 0; round < 20; round++) {
      await produce(engine, 'source', keys(700))
      const mortal = mortalEngine(engine)
      const before = count(engine, 'target')
      await start(COPY, mortal.engine)
      if (round % 3 !== 0) await until(() => count(engine, 'target') > before)
      for (let turn = 0; turn < round % 7; turn++) await Promise.resolve()
      await mortal.die()
    }
    await start(COPY, engine)
    await until(() => count(engine, 'target') >= 20 * 700)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expectExactlyOnce(await readAll(engine, 'target'), 20 * 700)
  })

  test('a batch that becomes more than one write takes is parted, and repeats nothing', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(40))
    const large = { ...COPY, pipeline: { processors: [{ mapping: 'root = "x".repeat(1900000)' }] } }
    const mortal = mortalEngine(engine)
    await start(large, mortal.engine)
    await until(() => count(engine, 'target') > 0)
    await mortal.die()
    const next = engine.groups.offsets('pipeline.test')[0]?.next ?? 0
    expect(count(engine, 'target')).toBe(next - 1)
    await start(large, engine)
    await until(() => count(engine, 'target') >= 40)
    await setImmediate()
    expectExactlyOnce(await readAll(engine, 'target'), 40)
  })

  test('power cuts of the disk engine lose nothing acknowledged and repeat nothing', async () => {
    const random = new SeededRandom(7)
    const disk = new SimulatedDisk(random)
    const open = (): Promise<Engine> =>
      openDiskEngine({ directory: '/data', clock: realClock, random, disk })
    let acknowledged = 0
    for (let round = 0; round < 12; round++) {
      const engine = await open()
      if (round === 0) {
        await createStream(engine, 'source', 4)
        await createStream(engine, 'target', 3)
      }
      await produce(engine, 'source', keys(700))
      acknowledged += 700
      const pipeline = await start(COPY, engine)
      disk.cutPowerAt(disk.calls + 1 + Math.floor(random.next() * 12))
      for (let turn = 0; turn < 400 && engine.condition() === undefined; turn++)
        await setImmediate()
      disk.crash()
      await pipeline.stop(1)
      await Promise.resolve(engine[Symbol.asyncDispose]()).catch(() => {})
    }
    await using engine = await open()
    await start(COPY, engine)
    await until(() => count(engine, 'target') >= acknowledged)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expectExactlyOnce(await readAll(engine, 'target'), acknowledged)
  })

  test('a former self that goes on is one more member, and repeats nothing', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 4)
    await createStream(engine, 'target', 3)
    for (let round = 0; round < 8; round++) {
      await produce(engine, 'source', keys(700))
      await start(COPY, engine)
      for (let turn = 0; turn < round; turn++) await setImmediate()
    }
    await until(() => count(engine, 'target') >= 8 * 700)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expectExactlyOnce(await readAll(engine, 'target'), 8 * 700)
  })

  test('a stop and a start in the middle lose and repeat nothing', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 2)
    await createStream(engine, 'target', 2)
    for (let round = 0; round < 5; round++) {
      await produce(engine, 'source', keys(500))
      const before = count(engine, 'target')
      const pipeline = await start(COPY, engine)
      if (round > 0) await until(() => count(engine, 'target') > before)
      expect(await pipeline.stop(10_000)).toBe('drained')
    }
    await start(COPY, engine)
    await until(() => count(engine, 'target') >= 2_500)
    expectExactlyOnce(await readAll(engine, 'target'), 2_500)
  })

  test('members of one group share the shards, and each record is copied once', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 4)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(400))
    const shared = { ...COPY, input: { stream: { name: 'source', group: 'shared' } } }
    await start(shared, engine, { name: 'one' })
    await start(shared, engine, { name: 'two' })
    await produce(engine, 'source', keys(400))
    await until(() => count(engine, 'target') >= 800)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expectExactlyOnce(await readAll(engine, 'target'), 800)
  })

  test('keeps the order of a shard', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    for (let round = 0; round < 20; round++) await produce(engine, 'source', keys(50))
    await start(COPY, engine)
    await until(() => count(engine, 'target') >= 1_000)
    const sequences = (await readAll(engine, 'target')).map(({ headers }) =>
      Number(Buffer.from(headers.find(({ name }) => name === 'sequence')?.value ?? []).toString()),
    )
    expect(sequences).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1))
  })

  test('waits for streams that do not exist yet', async () => {
    await using engine = memory()
    const pipeline = await start(COPY, engine)
    expect(pipeline.state()).toMatchObject({ phase: 'running', connected: false })
    expect(pipeline.state().message).toContain('does not exist yet')
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(10))
    await until(() => count(engine, 'target') === 10)
    expect(pipeline.state()).toMatchObject({ connected: true, message: undefined })
  })
})

describe('a typed target', () => {
  test('holds a misfit back in its place, says so, and goes on once it fits', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(10))
    let strict = true
    const check = (data: Uint8Array): string | undefined =>
      strict && Buffer.from(data).toString().includes('"n":4') ? 'n must not be 4' : undefined
    const pipeline = await start(COPY, engine, { checks: { target: check } })
    await until(() => pipeline.state().message?.includes('n must not be 4') === true)
    expect(engine.groups.offsets('pipeline.test')).toEqual([])
    strict = false
    await until(() => count(engine, 'target') === 10)
    const order = (await readAll(engine, 'target')).map(
      ({ data }) => JSON.parse(Buffer.from(data).toString()).n,
    )
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(pipeline.state().message).toBeUndefined()
  })
})

describe('stopping', () => {
  test('a message that is rejected for ever holds up no stop, and comes again', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(10))
    const check = (data: Uint8Array): string | undefined =>
      Buffer.from(data).toString().includes('"n":4') ? 'n must not be 4' : undefined
    const pipeline = await start(COPY, engine, { checks: { target: check } })
    await until(() => pipeline.state().message?.includes('n must not be 4') === true)
    expect(await pipeline.stop(60_000)).toBe('drained')
    expect(count(engine, 'target')).toBe(0)
    await start(COPY, engine)
    await until(() => count(engine, 'target') === 10)
  })

  test('an output that is away holds up no stop either', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await produce(engine, 'source', keys(10))
    const pipeline = await start(COPY, engine)
    await until(() => pipeline.state().counters.inputReceived === 10)
    expect(pipeline.state().connected).toBe(false)
    expect(await pipeline.stop(60_000)).toBe('drained')
    await createStream(engine, 'target', 1)
    await start(COPY, engine)
    await until(() => count(engine, 'target') === 10)
  })
})

describe('where a group begins', () => {
  test('latest skips what is there, and is kept when nothing came before the restart', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(5))
    const latest = { ...COPY, input: { stream: { name: 'source', start: 'latest' } } }
    const first = await start(latest, engine)
    await until(() => engine.groups.offsets('pipeline.test')[0]?.next === 6)
    await first.stop(1_000)
    await produce(engine, 'source', keys(3))
    await start(latest, engine)
    await until(() => count(engine, 'target') === 3)
  })

  test('retention that passed the position is no end: it goes on at the earliest record', async () => {
    await using engine = memory()
    const incarnation = await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    await produce(engine, 'source', keys(10))
    const offset = { stream: 'default/source', incarnation, shard: 0 }
    await engine.groups.reset('pipeline.test', [{ ...offset, next: 3 }])
    await engine.log.write({ appends: [], trims: [{ ...offset, first: 8 }] })
    await start(COPY, engine)
    await until(() => count(engine, 'target') === 3)
    expect(engine.groups.offsets('pipeline.test')[0]?.next).toBe(11)
  })
})
