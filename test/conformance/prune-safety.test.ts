/**
 * The prune-safety matrix: each way in which a folder can look empty or smaller, under each policy, over the real
 * directory source. What is transient, unreadable, empty or over budget takes nothing away; a small edit that stays does,
 * and writing it again brings back every retained stream with every record.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ControlPlaneOptions } from '../../controllers/control-plane-options.ts'
import { windowPolicy } from '../../controllers/plan/change-policy.ts'
import { inspectorOf } from '../../controllers/sets/testing.ts'
import { DirectorySource } from '../../controllers/sources/directory-source.ts'
import type { Source, SourceDeclaration } from '../../controllers/sources/source.ts'
import {
  type RunningControlPlane,
  startControlPlane,
} from '../../controllers/start-control-plane.ts'
import { declarationOf, type World, worldOf } from '../../controllers/testing.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { textsOf } from '../harness/law-world.ts'
import { restore, STREAMS, WAYS, type Way, writeFolder } from './prune-safety-ways.ts'

const SETTLE_MS = 2_000
const IS_ROOT = process.getuid?.() === 0
/** Root may read everything, so that whoever is root cannot lose the permission. */
const TRIED = Object.entries(WAYS).filter(([, way]) => way.needsUser !== true || !IS_ROOT)

interface Policy {
  readonly spec: string
  readonly declaration?: Partial<SourceDeclaration>
  readonly options?: Partial<ControlPlaneOptions>
  /** What a small edit that stays does to the streams that it leaves out. */
  readonly small: 'seals' | 'deletes' | 'keeps'
}

const MONDAY_NIGHT = { days: ['Mon'], from: '22:00', to: '23:00', timeZone: 'UTC' } as const

const POLICIES: Readonly<Record<string, Policy>> = {
  Retain: { spec: '{shards: 1}', small: 'seals' },
  Delete: { spec: '{deletionPolicy: Delete}', small: 'deletes' },
  protected: { spec: '{protected: true, deletionPolicy: Delete}', small: 'keeps' },
  'no pruning': { spec: '{}', declaration: { prune: false }, small: 'keeps' },
  'no budget': {
    spec: '{deletionPolicy: Delete}',
    declaration: { pruneBudget: { count: 0, share: 0 } },
    small: 'keeps',
  },
  'another time': {
    spec: '{deletionPolicy: Delete}',
    options: { policies: [windowPolicy('nights', [MONDAY_NIGHT], undefined)] },
    small: 'keeps',
  },
}

/** Events are hints only; without them every look is a whole one. */
function withoutEvents(source: Source): Source {
  return {
    declaration: source.declaration,
    read: (signal) => source.read(signal),
    watch: () => ({ [Symbol.dispose]: () => undefined }),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  }
}

describe('the prune-safety matrix', () => {
  let base: string
  let folder: string
  let real: string
  let world: World
  let plane: RunningControlPlane

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'headgate-prune-'))
    folder = join(base, 'config')
    real = join(base, 'real')
  })
  afterEach(async () => {
    await plane[Symbol.asyncDispose]()
    rmSync(base, { recursive: true, force: true })
  })

  async function begin({ spec, declaration = {}, options = {} }: Policy): Promise<void> {
    writeFolder(real, spec)
    symlinkSync(real, folder)
    const source = new DirectorySource({
      declaration: { ...declarationOf('local', declaration), location: folder },
      clock: realClock,
      inspector: inspectorOf(),
      known: () => false,
      held: () => new Set(),
      directory: folder,
    })
    world = worldOf([withoutEvents(source)], { pruneSettleMs: SETTLE_MS, ...options })
    plane = await startControlPlane(world.options)
    await plane.sources.firstConvergence()
    for (const { name, incarnation } of world.engine.streams.describe()) {
      const batch = encodeBatch(['x', 'y'].map((text) => ({ data: Buffer.from(text) })))
      await world.engine.log.write({ appends: [{ stream: name, incarnation, shard: 0, batch }] })
    }
    expect(lost()).toEqual([])
  }

  const look = (): Promise<unknown> => plane.reconcile('local', { waitMs: 0 })

  async function stays(): Promise<void> {
    await look()
    for (let count = 0; count < 3; count += 1) {
      await world.clock.advance(SETTLE_MS)
      await look()
    }
  }

  /** Streams that are sealed or gone. */
  function lost(): readonly string[] {
    const open = world.engine.streams.describe().filter(({ sealed }) => sealed === undefined)
    const names = new Set(open.map(({ name }) => name))
    return STREAMS.filter((name) => !names.has(`default/${name}`))
  }

  async function expectAllRecords(): Promise<void> {
    for (const stream of world.engine.streams.describe())
      expect([stream.name, await textsOf(world.engine, stream)]).toEqual([stream.name, ['x', 'y']])
  }

  async function judge(way: Way, { spec, small }: Policy): Promise<void> {
    way.happens(folder, real)
    await stays()
    const isSmall = way.looks === 'a small edit' && small !== 'keeps'
    const gone = lost()
    expect([way.looks, gone.length > 0]).toEqual([way.looks, isSmall])
    const left = world.engine.streams.describe()
    expect(left).toHaveLength(STREAMS.length - (small === 'deletes' ? gone.length : 0))
    await expectAllRecords()
    restore(folder, real, spec)
    await stays()
    expect(lost()).toEqual([])
    if (!(isSmall && small === 'deletes')) await expectAllRecords()
  }

  for (const [policyName, policy] of Object.entries(POLICIES))
    describe(`under ${policyName}`, () => {
      for (const [name, way] of TRIED)
        test(`where ${name} (${way.looks})`, async () => {
          await begin(policy)
          await judge(way, policy)
        })

      // Where nothing goes anyway, it does not by haste either.
      for (const [name, way] of policy.small === 'keeps' ? [] : TRIED)
        test(`where ${name}, and is as before at the next look`, async () => {
          await begin(policy)
          way.happens(folder, real)
          await look()
          // Whatever the wall clock says, and however long the process was frozen: it was seen once only.
          world.clock.jumpWall(86_400_000_000)
          restore(folder, real, policy.spec)
          await world.clock.advance(100 * SETTLE_MS)
          await stays()
          expect(lost()).toEqual([])
          await expectAllRecords()
        })
    })

  test('loses as little in drips as at once', async () => {
    await begin({ spec: '{deletionPolicy: Delete}', small: 'deletes' })
    for (const name of ['s4', 's5', 's6', 's7', 's8']) {
      rmSync(join(folder, `${name}.yaml`))
      await stays()
    }
    expect(lost()).toEqual(['s4', 's5', 's6'])
  })

  test('takes what is approved, once, and what it took stays approved for nothing else', async () => {
    await begin({ spec: '{}', small: 'seals' })
    for (const name of STREAMS.slice(4)) rmSync(join(folder, `${name}.yaml`))
    await stays()
    expect(lost()).toEqual([])
    await plane.sources.approve('local', undefined)
    await stays()
    expect(lost()).toEqual(STREAMS.slice(4))
    await expectAllRecords()
    restore(folder, real, '{}')
    await stays()
    expect(lost()).toEqual([])
    for (const name of STREAMS.slice(4)) rmSync(join(folder, `${name}.yaml`))
    await stays()
    expect(lost()).toEqual([])
  })
})
