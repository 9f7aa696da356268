/** What becomes of streams whose declaration goes: sealed, kept open, taken back, or made anew. */
import { describe, expect, test } from 'vitest'
import { LawWorld } from '../test/harness/law-world.ts'
import { declare } from './testing.ts'

const other = declare('Stream', 'other')

describe('a stream whose declaration goes', () => {
  test('is sealed under Retain, an empty one too, and its uid comes back with it', async () => {
    const stream = declare('Stream', 'orders')
    await using world = await LawWorld.open([stream, other])
    const uid = world.streams().get('orders')?.uid
    await world.converge([other])
    expect(world.streams().get('orders')).toMatchObject({ records: 0, sealed: { by: 'local' } })
    expect(world.plane.resources.get('Stream', 'default', 'orders')).toBeUndefined()
    expect(world.plane.retained.get('default', 'orders')?.metadata.name).toBe('orders')
    await world.converge([stream, other])
    expect(world.streams().get('orders')).toMatchObject({ uid, sealed: undefined })
    expect(world.plane.retained.list(undefined)).toEqual([])
  })

  test('begins empty with a new uid, once it was purged or deleted', async () => {
    for (const spec of [{}, { deletionPolicy: 'Delete' }]) {
      const stream = declare('Stream', 'orders', spec)
      await using world = await LawWorld.open([stream, other])
      await world.fill()
      const uid = world.streams().get('orders')?.uid
      await world.converge([other])
      if (world.streams().has('orders')) await world.plane.retained.purge('default', 'orders')
      await world.converge([stream, other])
      expect(world.streams().get('orders')).toMatchObject({ records: 0 })
      expect(world.streams().get('orders')?.uid).not.toBe(uid)
    }
  })

  test('stays open where it is protected, whatever its deletionPolicy, and says so', async () => {
    const stream = declare('Stream', 'orders', { protected: true, deletionPolicy: 'Delete' })
    await using world = await LawWorld.open([stream, other])
    await world.fill()
    await world.converge([other])
    expect(world.streams().get('orders')).toMatchObject({ records: 3, sealed: undefined })
    const status = world.plane.resources.get('Stream', 'default', 'orders')?.status
    expect(status).toMatchObject({
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'PruneBlocked', status: 'True', reason: 'Protected' }),
      ]),
    })
  })

  test('is not removed by an empty set, however few it is the only one of, until that is approved', async () => {
    await using world = await LawWorld.open([other])
    world.source.say({ ...world.source.set, members: new Map(), digest: 'empty' })
    await world.settle()
    await world.settle()
    expect(world.streams().get('other')?.sealed).toBeUndefined()
    await world.plane.sources.approve('local', undefined)
    await world.settle()
    expect(world.streams().get('other')?.sealed).toBeDefined()
  })
})
