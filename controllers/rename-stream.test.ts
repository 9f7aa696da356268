/** `headgate.dev/moved-from` from the declaration to the engine, and through a crash on either side of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../engine/engine.ts'
import { decodeRecords, encodeBatch } from '../engine/log/batch.ts'
import { MOVED_FROM } from './plan/moved-from.ts'
import type { Member } from './sets/resource-set.ts'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import { declare, FakeSource, setOf, type World, worldOf } from './testing.ts'

const renamed = (name: string, from: string): Member => {
  const member = declare('Stream', name)
  if (member.state === 'invalid') throw new Error('invalid')
  const resource = {
    ...member.resource,
    annotations: { [MOVED_FROM]: from },
    digest: `${name}<${from}`,
  }
  return { ...member, resource }
}
const old = declare('Stream', 'old')
const reader = (stream: string): Member =>
  declare('Pipeline', 'reader', { input: stream, output: {}, reads: stream })

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  await plane.sources.firstConvergence()
  return plane
}

async function settle({ clock }: World): Promise<void> {
  for (let step = 0; step < 8; step += 1) {
    await clock.advance(5)
    for (let index = 0; index < 12; index += 1) await turn()
  }
}

async function fill(engine: Engine): Promise<number> {
  const { incarnation = 0 } = engine.streams.describe(['default/old'])[0] ?? {}
  const batch = encodeBatch(['x', 'y', 'z'].map((text) => ({ data: Buffer.from(text) })))
  const at = { stream: 'default/old', incarnation, shard: 0 }
  await engine.log.write({
    appends: [{ ...at, batch }],
    offsets: [{ ...at, group: 'g', generation: 0, next: 3 }],
  })
  return incarnation
}

async function textsOf(engine: Engine, stream: string): Promise<readonly string[]> {
  const [found] = engine.streams.describe([stream])
  if (found === undefined) throw new Error(`there is no ${stream}`)
  const at = await engine.log.resolve(
    { stream, incarnation: found.incarnation, shard: 0 },
    { kind: 'earliest' },
  )
  await using opened = engine.log.open(at)
  const read = await opened.next(1_000_000, 0)
  return read === undefined
    ? []
    : [...decodeRecords(read.bytes)].map(({ data }) => Buffer.from(data).toString())
}

describe('a stream that is renamed', () => {
  test('keeps records, offsets and uid; readers turn to it, and its former name is free', async () => {
    const source = new FakeSource(setOf([old, reader('old')]))
    const world = worldOf([source])
    const plane = await start(world)
    await settle(world)
    const incarnation = await fill(world.engine)
    const before = plane.resources.get('Stream', 'default', 'old')
    source.say(setOf([renamed('new', 'old'), reader('new')]))
    await settle(world)
    const after = plane.resources.get('Stream', 'default', 'new')
    expect(after?.metadata.uid).toBe(before?.metadata.uid)
    expect(after?.status).toMatchObject({ records: 3 })
    expect(plane.resources.get('Stream', 'default', 'old')).toBeUndefined()
    expect(await textsOf(world.engine, 'default/new')).toEqual(['x', 'y', 'z'])
    expect(world.engine.groups.offsets('g')).toMatchObject([
      { stream: 'default/new', incarnation, next: 3 },
    ])
    expect(plane.sources.get('local')?.status).toMatchObject({ converged: 2, blocked: [] })
    expect(plane.retained.list(undefined)).toEqual([])
    source.say(setOf([renamed('new', 'old'), reader('new'), old]))
    await settle(world)
    expect(await textsOf(world.engine, 'default/old')).toEqual([])
    expect(await textsOf(world.engine, 'default/new')).toEqual(['x', 'y', 'z'])
    await plane[Symbol.asyncDispose]()
  })

  for (const when of ['before', 'after'] as const)
    test(`is renamed once, though the process is killed ${when} the engine does it`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'headgate-rename-'))
      try {
        const source = new FakeSource(setOf([old]))
        const first = worldOf([source], { dataDirectory: directory })
        const plane = await start(first)
        await fill(first.engine)
        const uid = first.engine.streams.describe()[0]?.uid
        await plane[Symbol.asyncDispose]()
        source.set = setOf([renamed('new', 'old')])
        const { streams } = first.engine
        const engine: Engine = {
          log: first.engine.log,
          groups: first.engine.groups,
          capabilities: first.engine.capabilities,
          condition: () => first.engine.condition(),
          measures: () => first.engine.measures(),
          [Symbol.asyncDispose]: async () => undefined,
          streams: {
            create: (record) => streams.create(record),
            alter: async () => Promise.reject(new Error('dead')),
            delete: async () => Promise.reject(new Error('dead')),
            describe: (names) => streams.describe(names),
            watch: (listener) => streams.watch(listener),
            async rename(name, incarnation, record) {
              if (when === 'after') await streams.rename(name, incarnation, record)
              throw new Error('killed')
            },
          },
        }
        const second = worldOf([source], { dataDirectory: directory, engine })
        const doomed = await start(second)
        await doomed[Symbol.asyncDispose]()
        // The former name is declared again at once: it must not get what the stream was.
        source.set = setOf([renamed('new', 'old'), ...(when === 'after' ? [old] : [])])
        const third = worldOf([source], { dataDirectory: directory, engine: first.engine })
        const last = await start(third)
        await settle(third)
        const found = first.engine.streams.describe(['default/new'])[0]
        expect(found?.uid).toBe(uid)
        expect(await textsOf(first.engine, 'default/new')).toEqual(['x', 'y', 'z'])
        const again = first.engine.streams.describe(['default/old'])[0]
        expect(again === undefined).toBe(when === 'before')
        expect(again?.uid).not.toBe(uid)
        expect(last.sources.get('local')?.status).toMatchObject({
          converged: source.set.members.size,
          blocked: [],
        })
        await last[Symbol.asyncDispose]()
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    })
})
