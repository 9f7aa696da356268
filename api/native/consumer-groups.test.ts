import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeBatch } from '../../engine/log/batch.ts'
import { openTestServer, streamRecord, type TestServer } from '../testing.ts'

const BASE = '/apis/headgate.dev/v1alpha1'
const GROUPS = `${BASE}/namespaces/default/consumergroups`
let server: TestServer
let incarnation: number

beforeAll(async () => {
  server = await openTestServer()
  const stream = await server.engine.streams.create(streamRecord('default/orders', { shards: 2 }))
  incarnation = stream.incarnation
  const batch = encodeBatch(['1', '2', '3'].map((text) => ({ data: Buffer.from(text) })))
  await server.engine.log.write({
    appends: [{ stream: 'default/orders', incarnation, shard: 0, batch }],
  })
  await server.engine.streams.create(streamRecord('default/sealed', { sealed: SEAL }))
})
const SEAL = { sinceUs: 0, by: 'former' }
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await server.engine.groups.leave('pipeline.copy', 'default/copy/1')
  const offset = { stream: 'default/orders', incarnation, shard: 0, next: 2 }
  await server.engine.groups.reset('pipeline.copy', [offset])
  await server.engine.groups.reset('eu/other', [offset])
})

interface Answer {
  readonly message: string
  readonly reason: string
  readonly status: Readonly<Record<string, unknown>>
  readonly shards: unknown
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string }
  }[]
}

async function call(path: string, init: RequestInit = {}): Promise<[number, Answer]> {
  const response = await fetch(`${server.url}${path}`, init)
  return [response.status, (await response.json()) as Answer]
}

const reset = (body: object, name = 'pipeline.copy'): Promise<[number, Answer]> =>
  call(`${GROUPS}/${name}/reset`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const join = (): Promise<unknown> =>
  server.engine.groups.join({
    group: 'pipeline.copy',
    member: 'default/copy/1',
    stream: 'default/orders',
    incarnation,
    sessionMs: 10_000,
  })

const offsets = (): readonly number[] =>
  server.engine.groups
    .offsets('pipeline.copy')
    .toSorted((a, b) => a.shard - b.shard)
    .map(({ next }) => next)

describe('consumer groups', () => {
  test('are listed of one namespace or of all, and told in discovery', async () => {
    const names = async (path: string): Promise<readonly string[]> =>
      (await call(path))[1].items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    expect(await names(GROUPS)).toEqual(['default/pipeline.copy'])
    expect(await names(`${BASE}/consumergroups`)).toEqual(['default/pipeline.copy', 'eu/other'])
    expect(await names(`${BASE}/consumergroups?limit=1`)).toEqual(['default/pipeline.copy'])
    expect((await call(BASE))[1]).toMatchObject({
      resources: expect.arrayContaining([
        expect.objectContaining({ name: 'consumergroups', kind: 'ConsumerGroup' }),
        expect.objectContaining({ name: 'consumergroups/reset', verbs: ['create'] }),
      ]),
    })
  })

  test('tell members, and how far each shard is behind', async () => {
    await join()
    const [status, group] = await call(`${GROUPS}/pipeline.copy`)
    expect([status, group]).toMatchObject([
      200,
      {
        kind: 'ConsumerGroup',
        metadata: { name: 'pipeline.copy', namespace: 'default' },
        status: {
          generation: expect.any(Number),
          members: [{ name: 'default/copy/1', stream: 'orders', shards: [0, 1], leaving: [] }],
          streams: ['orders'],
          lag: { records: 2, bytes: expect.any(Number), seconds: expect.any(Number) },
          shards: [
            {
              stream: 'orders',
              shard: 0,
              holder: 'default/copy/1',
              offset: 2,
              end: 4,
              lag: { records: 2 },
            },
            { shard: 1, offset: null, end: 1, lag: { records: 0, bytes: 0, seconds: 0 } },
          ],
        },
      },
    ])
  })

  test('that are not there are answered with the nearest name', async () => {
    const [status, body] = await call(`${GROUPS}/pipeline.cpy`)
    expect([status, body.message]).toEqual([
      404,
      'consumergroups.headgate.dev "pipeline.cpy" not found\nDid you mean pipeline.copy?',
    ])
    expect((await call(`${GROUPS}/a%2Fb`))[0]).toBe(404)
  })

  test('are not written', async () => {
    for (const path of [GROUPS, `${GROUPS}/pipeline.copy`]) {
      const [status, body] = await call(path, { method: 'POST' })
      expect([status, body.message]).toEqual([405, expect.stringContaining('/reset')])
    }
  })
})

describe('a reset', () => {
  test('goes to the earliest and latest record, a sequence and a time, and tells what was', async () => {
    const [status, body] = await reset({ stream: 'orders', to: 'earliest' })
    expect([status, body.shards]).toEqual([
      200,
      [
        { shard: 0, before: 2, after: 1 },
        { shard: 1, before: null, after: 1 },
      ],
    ])
    expect(offsets()).toEqual([1, 1])
    await reset({ stream: 'orders', to: 'latest' })
    expect(offsets()).toEqual([4, 1])
    await reset({ stream: 'orders', shards: [0], to: 3 })
    expect(offsets()).toEqual([3, 1])
    await reset({ stream: 'orders', shards: [0], to: '2020-01-01T00:00:00Z' })
    expect(offsets()).toEqual([1, 1])
    await reset({ stream: 'orders', to: '2999-01-01T00:00:00+01:00' })
    expect(offsets()).toEqual([4, 1])
  })

  test('changes nothing on a dry run, members or not', async () => {
    await join()
    const before = offsets()
    const [status, body] = await reset({ stream: 'orders', to: 'latest', dryRun: true })
    expect([status, body]).toMatchObject([
      200,
      { dryRun: true, shards: [{ before: 2, after: 4 }, {}] },
    ])
    expect(offsets()).toEqual(before)
  })

  test('is refused while members live, unless it is forced', async () => {
    await join()
    const [status, body] = await reset({ stream: 'orders', to: 'latest' })
    expect([status, body.reason]).toEqual([409, 'GroupActive'])
    expect(body.message).toContain('1 live member: default/copy/1\nStop ')
    expect((await reset({ stream: 'orders', to: 'latest', force: true }))[0]).toBe(200)
    expect(offsets()).toEqual([4, 1])
  })

  test('is refused with a sentence for each mistake', async () => {
    const refused: readonly (readonly [object, number, string])[] = [
      [{ stream: 'orders' }, 400, 'to: expected earliest, latest, a sequence or an RFC 3339 time'],
      [{ stream: 'orders', to: '2026-02-31T00:00:00Z' }, 400, 'to: expected earliest'],
      [{ stream: 'orders', to: 'yesterday' }, 400, 'got "yesterday"\nWrite a time with its zone'],
      [{ stream: 'orders', to: 9 }, 400, 'expected a sequence from 1 to 4 in shard 0'],
      [{ stream: 'orders', to: 'latest', shards: [2] }, 400, 'expected shards 0 to 1'],
      [{ stream: 'orders', to: 'latest', shards: [] }, 400, 'shards: expected a list'],
      [{ stream: 'orders', to: 'latest', shard: 0 }, 400, 'expected stream, shards, to, dryRun'],
      [{ stream: 'orders', to: 'latest', force: 1 }, 400, 'force: expected true or false'],
      [{ to: 'latest' }, 400, 'stream: expected'],
      [{ stream: 'sealed', to: 'latest' }, 404, 'got "sealed"\nIt reads orders.'],
      [{ stream: 'nothing', to: 'latest' }, 404, 'that the group pipeline.copy reads'],
    ]
    for (const [body, status, message] of refused) {
      expect(await reset(body)).toMatchObject([
        status,
        { message: expect.stringContaining(message) },
      ])
    }
    expect((await reset({ stream: 'orders', to: 'latest' }, 'none'))[0]).toBe(404)
    expect(offsets().slice(0, 1)).toEqual([2])
  })
})

test('stream usages tell what streams hold, sealed ones too', async () => {
  const [, list] = await call(`${BASE}/namespaces/default/streamusages`)
  expect(list.items).toMatchObject([
    {
      kind: 'StreamUsage',
      metadata: { name: 'orders', namespace: 'default' },
      status: {
        owner: 'local',
        sealed: false,
        shards: 2,
        records: 3,
        oldestRecord: expect.stringMatching(/^20.*Z$/),
      },
    },
    { metadata: { name: 'sealed' }, status: { owner: 'former', sealed: true, oldestRecord: null } },
  ])
  const [, one] = await call(`${BASE}/namespaces/default/streamusages/orders`)
  expect(one.status['records']).toBe(3)
  expect((await call(`${BASE}/namespaces/default/streamusages/none`))[0]).toBe(404)
})

test('metrics tell the lag of each shard, and the age of the oldest record', async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const labels = 'group="pipeline.copy",stream="default/orders",shard="0"'
  expect(text).toContain(`headgate_group_lag_records{${labels}} 2`)
  expect(text).toMatch(new RegExp(`headgate_group_lag_bytes\\{${labels}\\} [1-9]`))
  expect(text).toMatch(new RegExp(`headgate_group_lag_seconds\\{${labels}\\} [0-9.e-]+\n`))
  expect(text).toContain('headgate_group_lag_records{group="eu/other"')
  expect(text).toMatch(/headgate_stream_oldest_record_seconds\{stream="default\/orders"\} /)
  expect(text).not.toContain('oldest_record_seconds{stream="default/sealed"}')
})
