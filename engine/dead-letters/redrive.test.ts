import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileQuery } from '../bloblang/bloblang.ts'
import type { Query } from '../bloblang/mapping.ts'
import type { Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import { gatedEngine } from '../log/gated-engine.ts'
import type { Log } from '../log/log.ts'
import { OFFLINE } from '../pipelines/bloblang-fields.ts'
import { memory, readAll, until } from '../pipelines/stream-testing.ts'
import { TURN_BATCHES_MAX } from '../pipelines/turn.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { readNote } from './letter-headers.ts'
import { REDRIVE_ATTEMPTS_MAX_DEFAULT, type RedriveReport, redrive } from './redrive.ts'
import {
  append,
  createStreams,
  environmentOf,
  ids,
  type Letter,
  letterOf,
  never,
  ofFailed,
  openLetters,
  redriven,
} from './testing.ts'

async function withStreams(shards = 1): Promise<Engine> {
  const engine = memory()
  await createStreams(engine, shards)
  return engine
}

function query(text: string): Query {
  const compiled = compileQuery(text, OFFLINE)
  if (!compiled.ok) throw new Error('the filter of a test does not compile')
  return compiled.value
}

function outcomes({ rows }: RedriveReport): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { outcome, letters } of rows) sums[outcome] = (sums[outcome] ?? 0) + letters
  return sums
}

describe('redrive', () => {
  test('puts letters back where they came from, as they were, with their count', async () => {
    await using engine = await withStreams()
    const letters = [
      { id: 1, stream: 'orders' },
      { id: 2, stream: 'parcels', attempt: 3 },
    ]
    await append(engine, 'failed', letters.map(letterOf))
    const report = await redriven(engine)
    expect(report).toMatchObject({ redriven: 2, stayed: 0, open: 0, stopped: undefined })
    const [order] = await readAll(engine, 'orders')
    expect(order).toMatchObject({
      key: Buffer.from([0xff, 1]),
      data: Buffer.from('{"id":1}'),
      headers: [
        { name: 'trace', value: Buffer.from([0xfe, 1]) },
        { name: 'headgate-attempt', value: Buffer.from('1') },
      ],
    })
    const [parcel] = await readAll(engine, 'parcels')
    expect(String(parcel?.headers.at(-1)?.value)).toBe('3')
    expect(await redriven(engine)).toMatchObject({ redriven: 0, open: 0 })
  })

  test('keeps what the filter leaves out or fails on, to be put back later', async () => {
    await using engine = await withStreams()
    const letters = [1, 2, 3, 4].map((id) => letterOf({ id, stream: 'orders', reason: `r${id}` }))
    await append(engine, 'failed', [...letters, { data: Buffer.from('no JSON') }])
    const filter = query('this.id == 3 && @."headgate-reason" == "r3"')
    const report = await redriven(engine, { filter })
    expect(outcomes(report)).toEqual({ redriven: 1, leftOut: 3, filterFailed: 1 })
    expect(report).toMatchObject({ redriven: 1, stayed: 4, open: 4 })
    expect(ids(await readAll(engine, 'orders'))).toEqual([3])
    const failed = report.rows.find(({ outcome }) => outcome === 'filterFailed')
    expect(failed?.reason).toMatch(/JSON/)
    expect(await redriven(engine)).toMatchObject({ redriven: 3, open: 1 })
    expect(ids(await readAll(engine, 'orders')).sort()).toEqual([1, 2, 3, 4])
  })

  test('writes nothing where nothing goes, and nothing behind the last that goes', async () => {
    await using engine = await withStreams()
    const letters = [1, 2, 3, 4].map((id) => letterOf({ id, stream: 'orders' }))
    await append(engine, 'failed', letters)
    await redriven(engine, { filter: query('false') })
    expect(ofFailed(engine).stream.records).toBe(4)
    await redriven(engine, { filter: query('this.id == 1') })
    expect(ofFailed(engine).stream.records).toBe(4)
    await redriven(engine, { filter: query('this.id == 3') })
    expect(ids(await openLetters(engine))).toEqual([4, 2])
  })

  test('holds poison at its attempts, until more are allowed', async () => {
    await using engine = await withStreams()
    const attempts = [REDRIVE_ATTEMPTS_MAX_DEFAULT - 1, REDRIVE_ATTEMPTS_MAX_DEFAULT]
    const letters = attempts.map((attempt, id) => letterOf({ id, stream: 'orders', attempt }))
    await append(engine, 'failed', letters)
    expect(outcomes(await redriven(engine))).toEqual({ redriven: 1, overAttempts: 1 })
    expect(ids(await readAll(engine, 'orders'))).toEqual([0])
    const attemptsMax = REDRIVE_ATTEMPTS_MAX_DEFAULT + 1
    expect(await redriven(engine, { attemptsMax })).toMatchObject({ redriven: 1, open: 0 })
  })

  test('stops at its limit', async () => {
    await using engine = await withStreams(2)
    const letters = Array.from({ length: 20 }, (_, id) => letterOf({ id, stream: 'orders' }))
    await append(engine, 'failed', letters)
    for (let left = 20; left > 0; left -= 7) {
      const report = await redriven(engine, { limit: 7 })
      expect(report).toMatchObject({ redriven: Math.min(7, left), open: Math.max(0, left - 7) })
    }
    expect(new Set(ids(await readAll(engine, 'orders'))).size).toBe(20)
  })

  test('says in a dry run what would be, and changes nothing', async () => {
    await using engine = await withStreams()
    const letters = [1, 2, 3].map((id) => letterOf({ id, stream: id === 3 ? 'gone' : 'orders' }))
    await append(engine, 'failed', letters)
    const report = await redriven(engine, { dryRun: true })
    expect(report.rows).toEqual([
      {
        outcome: 'redriven',
        stream: 'orders',
        component: 'root.output',
        reason: 'odd',
        letters: 2,
      },
      {
        outcome: 'streamGone',
        stream: 'gone',
        component: 'root.output',
        reason: 'odd',
        letters: 1,
      },
    ])
    expect(report.open).toBe(3)
    expect(await readAll(engine, 'orders')).toEqual([])
    expect(engine.groups.describe()).toEqual([])
  })

  test('keeps letters whose stream refuses them, is retained or may not be written', async () => {
    await using engine = await withStreams()
    const letters = [
      letterOf({ id: 1, stream: 'orders' }),
      letterOf({ id: 2, stream: 'orders' }),
      letterOf({ id: 3, stream: 'parcels' }),
      { data: Buffer.from('{"id":4}') },
    ]
    await append(engine, 'failed', letters)
    const [parcels] = engine.streams.describe(['default/parcels'])
    if (parcels === undefined) throw new Error('there are no parcels')
    const sealed = { sinceUs: 1, by: 'test' }
    await engine.streams.alter(parcels.incarnation, { ...parcels, sealed })
    const check = (data: Uint8Array) => (String(data).includes('1') ? 'not 1' : undefined)
    const report = await redriven(engine, { checks: { orders: check } })
    expect(outcomes(report)).toEqual({ redriven: 1, refused: 1, streamSealed: 1, noPlace: 1 })
    expect(report.rows.find(({ outcome }) => outcome === 'refused')?.reason).toBe('not 1 (odd)')
    const forbidden = await redriven(engine, { mayWrite: () => false })
    expect(outcomes(forbidden)).toEqual({ forbidden: 2, noPlace: 1 })
    expect(forbidden.open).toBe(3)
  })

  test('refuses a second one while the first is under way', async () => {
    await using engine = await withStreams()
    await append(engine, 'failed', [letterOf({ id: 1, stream: 'orders' })])
    const both = await Promise.allSettled([redriven(engine), redriven(engine)])
    expect(both[0]).toMatchObject({ value: { redriven: 1 } })
    expect(both[1]).toMatchObject({ reason: { code: 'GroupActive' } })
    expect(engine.groups.describe()).toMatchObject([{ group: 'redrive.failed', members: [] }])
  })

  test('whoever was moved by hand meanwhile writes nothing, and says so', async () => {
    await using engine = await withStreams()
    await append(engine, 'failed', [letterOf({ id: 1, stream: 'orders' })])
    let moved = false
    const log: Log = {
      ...bound(engine.log),
      write: async (set) => {
        if (!moved && set.appends.length > 0) {
          moved = true
          await engine.groups.reset('redrive.failed', [])
        }
        return engine.log.write(set)
      },
    }
    const report = await redriven({ ...bound(engine), log })
    expect(report.stopped?.code).toBe('GenerationStale')
    expect(await readAll(engine, 'orders')).toEqual([])
    expect(ids(await openLetters(engine))).toEqual([1])
  })

  test('gives a namespace the time that its rate asks for', async () => {
    const clock = new SimulatedClock()
    await using engine = await withStreams()
    await append(engine, 'failed', [letterOf({ id: 1, stream: 'orders' })])
    let refusals = 2
    const gate = {
      admit: (parts: readonly unknown[]) => {
        if (parts.length === 0 || refusals-- <= 0) return
        throw new HeadgateError('RateExceeded', 'too much in this second', { retryAfterMs: 400 })
      },
      admitStream: () => {},
      released: () => {},
      removed: () => {},
      load: () => {},
    }
    const report = redriven(gatedEngine(engine, gate), { clock })
    await until(() => refusals === 1)
    await clock.advance(400)
    await until(() => refusals === 0)
    await clock.advance(400)
    expect(await report).toMatchObject({ redriven: 1, open: 0, stopped: undefined })
  })

  test('ends at a write that is refused, and says what went before it', async () => {
    await using engine = await withStreams()
    for (const id of [1, 2, 3]) await append(engine, 'failed', [letterOf({ id, stream: 'orders' })])
    const full = mortal(engine, 2, false)
    const report = await redriven(full, { readBytes: 1 })
    expect(report).toMatchObject({ redriven: 1, open: 2, stopped: { code: 'LogReadOnly' } })
    expect(await redriven(engine)).toMatchObject({ redriven: 2, open: 0 })
  })

  test('follows a stream to its new name', async () => {
    await using engine = await withStreams()
    const letters = [1, 2].map((id) => letterOf({ id, stream: 'orders' }))
    await append(engine, 'failed', letters)
    await redriven(engine, { limit: 1 })
    const { stream } = ofFailed(engine)
    const record = { ...stream, name: 'default/dead' }
    await engine.streams.rename(stream.name, stream.incarnation, record)
    const [renamed] = engine.streams.describe(['default/dead'])
    if (renamed === undefined) throw new Error('the stream is gone')
    const of = { namespace: 'default', name: 'dead', stream: renamed }
    const request = { of, mayWrite: () => true }
    expect(await redrive(request, environmentOf(engine), never)).toMatchObject({ redriven: 1 })
    expect(ids(await readAll(engine, 'orders')).sort()).toEqual([1, 2])
  })
})

/** Methods of an engine or log that may be taken apart. */
function bound<Port extends object>(port: Port): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
    ownKeys: (target) => [
      ...new Set([...Reflect.ownKeys(target), ...Reflect.ownKeys(Object.getPrototypeOf(target))]),
    ],
    getOwnPropertyDescriptor: (target, name) => ({
      configurable: true,
      enumerable: true,
      value: Reflect.get(target, name),
    }),
  })
}

/** Writes of it fail from the given one on: what a process that dies there leaves behind. */
function mortal(engine: Engine, writesBefore: number, lastOneLands: boolean): Engine {
  let left = writesBefore
  const die = (): never => {
    throw new HeadgateError('LogReadOnly', 'the process is dead')
  }
  return {
    ...bound(engine),
    log: {
      ...bound(engine.log),
      write: async (set) => {
        if (left > 0) {
          left--
          return await engine.log.write(set)
        }
        if (lastOneLands && left === 0) {
          left--
          await engine.log.write(set)
        }
        return die()
      },
    },
  }
}

const step = fc.record({
  arrive: fc.array(
    fc.record({
      stream: fc.constantFrom('orders', 'parcels', 'gone'),
      attempt: fc.integer({ min: 1, max: 8 }),
    }),
    { maxLength: 12 },
  ),
  filter: fc.constantFrom(undefined, 'this.id % 2 == 0', 'this.id % 3 != 0', 'this.nope.string()'),
  limit: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
  attemptsMax: fc.integer({ min: 1, max: 9 }),
  dryRun: fc.boolean(),
  readBytes: fc.constantFrom(1, 2_000),
  diesAt: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  lastOneLands: fc.boolean(),
})

test('every letter is open or was put back once, whatever was asked and wherever it died', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { minLength: 1, maxLength: 6 }),
      async (shards, steps) => {
        await using engine = await withStreams(shards)
        const arrived = new Map<number, Letter>()
        const judge = async (): Promise<void> => {
          const [openNow, orders, parcels] = await Promise.all([
            openLetters(engine),
            readAll(engine, 'orders'),
            readAll(engine, 'parcels'),
          ])
          const everywhere = ids([...openNow, ...orders, ...parcels]).sort((a, b) => a - b)
          expect(everywhere).toEqual([...arrived.keys()])
          for (const id of ids(orders)) expect(arrived.get(id)?.stream).toBe('orders')
          for (const id of ids(parcels)) expect(arrived.get(id)?.stream).toBe('parcels')
          for (const { headers, data } of openNow) {
            const { id } = JSON.parse(Buffer.from(data).toString())
            expect(readNote(headers)?.attempt).toBe(arrived.get(id)?.attempt)
          }
        }
        for (const { arrive, filter, diesAt, lastOneLands, ...options } of steps) {
          const letters = arrive.map((one, index) => ({ ...one, id: arrived.size + index }))
          for (const letter of letters) arrived.set(letter.id, letter)
          for (const letter of letters) await append(engine, 'failed', [letterOf(letter)])
          const before = ids(await openLetters(engine)).length
          const under = diesAt === undefined ? engine : mortal(engine, diesAt, lastOneLands)
          const asked = filter === undefined ? options : { ...options, filter: query(filter) }
          const report = await redriven(under, asked).catch((error) => {
            expect(error.code).toBe('LogReadOnly')
          })
          await judge()
          if (diesAt === undefined) {
            const gone = options.dryRun ? 0 : (report?.redriven ?? Number.NaN)
            expect(ids(await openLetters(engine))).toHaveLength(before - gone)
            expect(report?.open).toBe(before - gone)
            expect(report?.redriven).toBeLessThanOrEqual(options.limit ?? before)
          }
        }
        await redriven(engine, { attemptsMax: 100 })
        await judge()
        for (const id of ids(await openLetters(engine)))
          expect(arrived.get(id)?.stream).toBe('gone')
      },
    ),
    { numRuns: 150 },
  )
})

test('others have their turn between the letters of one read', async () => {
  await using engine = await withStreams()
  const all = Array.from({ length: 3 * TURN_BATCHES_MAX }, (_, id) => ({ id, stream: 'orders' }))
  await append(engine, 'failed', all.map(letterOf))
  for (const dryRun of [true, false]) {
    let turn = 0
    const turns = new Set<number>()
    const filter = query('true')
    const watched = {
      ...filter,
      test: () => {
        turns.add(turn)
        return true
      },
    }
    const looking = redriven(engine, { filter: watched as never, dryRun })
    const done = looking.then(() => true)
    while (!(await Promise.race([done, setImmediate(false)]))) turn++
    expect(turns.size).toBeGreaterThan(dryRun ? 2 : 5)
  }
})

describe('rounds', () => {
  test('go on where a limit ended, and look at each letter of the start once', async () => {
    await using engine = await withStreams(2)
    const stays = (id: number): boolean => id % 4 === 0
    const all = Array.from({ length: 40 }, (_, id) => ({ id, stream: 'orders' }))
    const poison = all.map((letter) => ({ ...letter, attempt: stays(letter.id) ? 5 : 1 }))
    await append(engine, 'failed', poison.map(letterOf))
    let until: RedriveReport['rest'] | undefined
    const reports: RedriveReport[] = []
    do {
      const report = await redriven(engine, { limit: 4, until, readBytes: 100 })
      reports.push(report)
      until = report.rest
      // What comes meanwhile waits for the next time.
      await append(engine, 'failed', [letterOf({ id: 100 + reports.length, stream: 'orders' })])
    } while (until.size > 0)
    const sum = (of: 'redriven' | 'stayed'): number =>
      reports.reduce((total, report) => total + report[of], 0)
    expect([sum('redriven'), sum('stayed')]).toEqual([30, 10])
    expect(reports.length).toBeLessThanOrEqual(9)
    const back = ids(await readAll(engine, 'orders')).sort((one, other) => one - other)
    expect(back).toEqual(all.map(({ id }) => id).filter((id) => !stays(id)))
    expect(ids(await openLetters(engine))).toHaveLength(10 + reports.length)
  })

  test('there is no rest where the limit was not reached, or just so', async () => {
    await using engine = await withStreams()
    await append(
      engine,
      'failed',
      [1, 2].map((id) => letterOf({ id, stream: 'orders' })),
    )
    for (const limit of [undefined, 2, 3]) {
      expect((await redriven(engine, { limit, dryRun: true })).rest).toEqual(new Map())
    }
    expect((await redriven(engine, { limit: 1, dryRun: true })).rest).toEqual(new Map([[0, 3]]))
  })
})
