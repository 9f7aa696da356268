/** Clients that read a stream together over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeBatch } from '../../engine/log/batch.ts'
import { openTestServer, streamRecord, type TestServer } from '../testing.ts'
import { MEMBER_LENGTH_MAX, SESSION_MS_MAX } from './member-requests.ts'

const SPACE = '/apis/headgate.dev/v1alpha1/namespaces/default'
let server: TestServer

beforeAll(async () => {
  server = await openTestServer()
  const { incarnation } = await server.engine.streams.create(
    streamRecord('default/orders', { shards: 2 }),
  )
  const batch = encodeBatch(['1', '2', '3'].map((text) => ({ data: Buffer.from(text) })))
  for (const shard of [0, 1]) {
    const append = { stream: 'default/orders', incarnation, shard, batch }
    await server.engine.log.write({ appends: [append] })
  }
})
afterAll(() => server[Symbol.asyncDispose]())

interface Held {
  readonly member: string
  readonly generation: number
  readonly settling: boolean
  readonly shards: readonly { readonly shard: number; readonly from: string }[]
  readonly message: string
}

async function call<T = Held>(method: string, path: string, body?: object): Promise<[number, T]> {
  const headers = { 'content-type': 'application/json' }
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) }
  const response = await fetch(`${server.url}${SPACE}${path}`, init)
  return [response.status, (await response.json()) as T]
}

const members = (group: string): string => `/consumergroups/${group}/members`

/** The token behind the first records of a shard. */
async function nextOf(shard: number, limit: number): Promise<string> {
  const path = `/streams/orders/records?shard=${shard}&limit=${limit}`
  const [, { next }] = await call<{ next: string }>('GET', path)
  return next
}

describe('members of a consumer group', () => {
  test('share the shards of a stream, and hand them over', async () => {
    const [status, first] = await call('POST', members('share'), { stream: 'orders' })
    expect(status).toBe(200)
    expect(first.shards).toEqual([
      { shard: 0, from: 'earliest' },
      { shard: 1, from: 'earliest' },
    ])
    const [, second] = await call('POST', members('share'), { stream: 'orders', member: 'b' })
    expect([second.member, second.shards.length]).toEqual(['b', 0])
    await call('POST', `${members('share')}/${first.member}/heartbeat`)
    await call('POST', `${members('share')}/${first.member}/heartbeat`)
    const [, now] = await call('POST', `${members('share')}/b/heartbeat`)
    expect(now.shards).toHaveLength(1)
    expect(await call('DELETE', `${members('share')}/${first.member}`)).toEqual([200, {}])
    const [, alone] = await call('POST', `${members('share')}/b/heartbeat`)
    expect(alone.shards.map(({ shard }) => shard)).toEqual([0, 1])
  })

  test('go on where the group committed', async () => {
    const [, held] = await call('POST', members('on'), { stream: 'orders', member: 'a' })
    const next = await nextOf(1, 2)
    const commit = { generation: held.generation, offsets: [{ shard: 1, next }] }
    expect(await call('POST', `${members('on')}/a/commit`, commit)).toEqual([200, {}])
    await call('DELETE', `${members('on')}/a`)
    const [, again] = await call('POST', members('on'), { stream: 'orders' })
    expect(again.shards).toEqual([
      { shard: 0, from: 'earliest' },
      { shard: 1, from: next },
    ])
    const path = `/streams/orders/records?shard=1&from=${next}`
    const [, read] = await call<{ records: { value: number }[] }>('GET', path)
    expect(read.records.map(({ value }) => value)).toEqual([3])
  })

  test('commit nothing under a generation that took the shard away', async () => {
    const [, old] = await call('POST', members('stale'), { stream: 'orders', member: 'a' })
    await call('DELETE', `${members('stale')}/a`)
    const [, held] = await call('POST', members('stale'), { stream: 'orders', member: 'a' })
    expect(held.generation).toBeGreaterThan(old.generation)
    const commit = { generation: old.generation, offsets: [{ shard: 0, next: await nextOf(0, 1) }] }
    const [status] = await call('POST', `${members('stale')}/a/commit`, commit)
    expect(status).toBe(409)
  })

  test('are told to join again once they are none', async () => {
    const [status, { message }] = await call('POST', `${members('none')}/x/heartbeat`)
    expect([status, message]).toEqual([409, expect.stringContaining('x')])
  })

  test.each([
    [{}, 'stream: expected its name'],
    [{ stream: 'ordrs' }, 'not found'],
    [{ stream: 'orders', sessionMs: SESSION_MS_MAX + 1 }, 'sessionMs'],
    [{ stream: 'orders', member: 'a/b' }, 'member'],
    [{ stream: 'orders', member: 'a'.repeat(MEMBER_LENGTH_MAX + 1) }, 'member'],
    [{ stream: 'orders', shards: [-1] }, 'shards'],
    [{ stream: 'orders', shrads: [1] }, 'shrads'],
  ])('refuse a join of %j', async (body, said) => {
    const [status, { message }] = await call('POST', members('wrong'), body)
    expect([status, message]).toEqual([
      expect.toSatisfy((code) => code === 400 || code === 404),
      expect.stringContaining(said),
    ])
  })

  test.each([
    [{ generation: 1 }, 'offsets'],
    [{ generation: -1, offsets: [{ shard: 0, next: 'x' }] }, 'generation'],
    [{ generation: 1, offsets: [{ shard: 0 }] }, 'offsets[0].next'],
    [{ generation: 1, offsets: [{ shard: 0, next: 'nonsense' }] }, 'next'],
  ])('refuse a commit of %j', async (body, said) => {
    await call('POST', members('wrong'), { stream: 'orders', member: 'a' })
    const [status, { message }] = await call('POST', `${members('wrong')}/a/commit`, body)
    expect([status, message]).toEqual([400, expect.stringContaining(said)])
  })
})
