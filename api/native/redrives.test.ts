import { afterAll, beforeAll, expect, test } from 'vitest'
import { letterHeaders } from '../../engine/dead-letters/letter-headers.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import { openTestServer, resource, streamRecord, type TestServer } from '../testing.ts'

let server: TestServer

beforeAll(async () => {
  server = await openTestServer()
  await server.engine.streams.create(streamRecord('default/orders'))
  const failed = await server.engine.streams.create(streamRecord('default/failed'))
  const seal = { sinceUs: 0, by: 'former' }
  await server.engine.streams.create(streamRecord('default/sealed', { sealed: seal }))
  const records = [1, 2, 3, 4].map((id) => ({
    data: Buffer.from(`{"id":${id}}`),
    headers: letterHeaders([], {
      reason: 'odd',
      component: 'root.output',
      place: { stream: 'orders', shard: 0, sequence: id },
      time: '2026-01-31T08:00:00.000000Z',
      attempt: id === 4 ? 5 : 1,
    }),
  }))
  const { name: stream, incarnation } = failed
  await server.engine.log.write({
    appends: [{ stream, incarnation, batch: encodeBatch(records) }],
  })
})
afterAll(() => server[Symbol.asyncDispose]())

interface Answer {
  readonly message: string
  readonly letters: readonly object[]
  readonly rest?: object
}

async function redrive(body: unknown, stream = 'failed'): Promise<[number, Answer]> {
  const path = `/apis/headgate.dev/v1alpha1/namespaces/default/streams/${stream}/redrive`
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return [response.status, (await response.json()) as Answer]
}

const records = (): number => server.engine.streams.describe(['default/orders'])[0]?.records ?? 0

test('a dry run says what would go back, and by what', async () => {
  const [status, answer] = await redrive({ dryRun: true })
  expect(status).toBe(200)
  const from = { stream: 'orders', component: 'root.output', reason: 'odd' }
  expect(answer).toEqual({
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'Redrive',
    metadata: { name: 'failed', namespace: 'default' },
    dryRun: true,
    redriven: 3,
    stayed: 1,
    open: 4,
    letters: [
      { outcome: 'redriven', ...from, letters: 3 },
      { outcome: 'overAttempts', ...from, letters: 1 },
    ],
  })
  expect(records()).toBe(0)
})

test('open letters are counted, and a stream without letters has no count', async () => {
  const count = async (stream: string): Promise<unknown> => {
    const path = `/apis/headgate.dev/v1alpha1/namespaces/default/streams/${stream}/redrive`
    const response = await fetch(`${server.url}${path}`)
    return response.ok ? ((await response.json()) as { open: unknown }).open : response.status
  }
  expect(await count('failed')).toBe(4)
  expect(await count('orders')).toBe(null)
  expect(await count('none')).toBe(404)
})

test('a limit tells the rest, from which another request goes on', async () => {
  const [, { rest }] = await redrive({ limit: 1, dryRun: true })
  expect(rest).toEqual({ 0: 5 })
  expect(await redrive({ dryRun: true, until: { 0: 3 } })).toMatchObject([200, { redriven: 2 }])
})

test('a filter sees no environment of the server', async () => {
  const [, answer] = await redrive({ filter: 'env("PATH") != null', dryRun: true })
  expect(answer.letters).toMatchObject([{ outcome: 'leftOut', letters: 4 }])
})

test('a redrive puts back what its filter and limit let through, and counts it', async () => {
  expect(await redrive({ filter: 'this.id != 2', limit: 1 })).toMatchObject([
    200,
    { redriven: 1, open: 3 },
  ])
  expect(await redrive({ filter: 'this.id != 2' })).toMatchObject([200, { redriven: 1, open: 2 }])
  expect(await redrive({ attemptsMax: 6 })).toMatchObject([200, { redriven: 2, open: 0 }])
  expect(records()).toBe(4)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain(
    'headgate_redrive_letters_total{stream="default/failed",outcome="redriven"} 4',
  )
  expect(metrics).toContain(
    'headgate_group_lag_records{group="redrive.failed",stream="default/failed",shard="0"} 0',
  )
})

test('letters of a stream that was renamed go to where it is now', async () => {
  const { name: stream, incarnation } = await server.engine.streams.create(
    streamRecord('default/old-letters'),
  )
  const place = { stream: 'purchases', shard: 0, sequence: 1 }
  const note = { reason: 'odd', component: 'c', place, time: '', attempt: 1 }
  const letter = { data: Buffer.from('{}'), headers: letterHeaders([], note) }
  await server.engine.log.write({
    appends: [{ stream, incarnation, batch: encodeBatch([letter]) }],
  })
  const look = (): Promise<unknown> => redrive({ dryRun: true }, 'old-letters')
  const gone = { redriven: 0, letters: [{ outcome: 'streamGone' }] }
  expect(await look()).toMatchObject([200, gone])
  const renamed = resource('Stream', 'orders')
  const annotations = { 'headgate.dev/moved-from': 'purchases' }
  server.objects.push({ ...renamed, metadata: { ...renamed.metadata, annotations } })
  expect(await look()).toMatchObject([200, { redriven: 1 }])
  const before = records()
  expect(await redrive({}, 'old-letters')).toMatchObject([200, { redriven: 1, open: 0 }])
  expect(records()).toBe(before + 1)
})

test.each([
  [{ filters: 'true' }, 400, 'expected filter, limit, attemptsMax, dryRun, until, got "filters"'],
  [{ filter: '' }, 400, 'expected a Bloblang query'],
  [{ filter: 'this.' }, 400, 'line 1'],
  [{ limit: 0 }, 400, 'limit: expected a whole number from 1, got 0'],
  [{ attemptsMax: 1.5 }, 400, 'attemptsMax: expected a whole number from 1, got 1.5'],
  [{ dryRun: 'yes' }, 400, 'dryRun: expected true or false'],
  [{ until: [3] }, 400, 'until: expected the rest of an earlier answer'],
  [{ until: { a: 3 } }, 400, 'until: expected shards, each with a sequence, got {"a":3}'],
  [{ until: { 0: 0 } }, 400, 'until: expected shards, each with a sequence, got {"0":0}'],
])('refuses %j', async (body, status, message) => {
  expect(await redrive(body)).toMatchObject([status, { message: expect.stringContaining(message) }])
})

test('refuses a stream that is not there, or is retained', async () => {
  expect(await redrive({}, 'nope')).toMatchObject([404, {}])
  expect(await redrive({}, 'sealed')).toMatchObject([409, { reason: 'Sealed' }])
  expect(await redrive({ dryRun: true }, 'sealed')).toMatchObject([200, { open: 0 }])
})
