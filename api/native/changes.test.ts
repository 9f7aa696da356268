/** History, rollback, suspensions, reconcile and why over HTTP, with a real control plane behind. */
import { afterEach, describe, expect, test } from 'vitest'
import { type Scene, sceneOf } from '../../controllers/history/testing.ts'
import type { Member } from '../../controllers/sets/resource-set.ts'
import { declare } from '../../controllers/testing.ts'
import { openTestServer, type TestServer } from '../testing.ts'
import { REASON_CHARACTERS_MAX } from './read-reason.ts'
import { RECONCILE_WAIT_MS_MAX } from './reconcile.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: the body of an answer is what the test says it is
  readonly body: any
}

interface Open extends Scene {
  call(method: string, path: string, body?: unknown): Promise<Answer>
}

async function open(...members: readonly Member[]): Promise<Open> {
  const scene = await sceneOf(members)
  opened.push(scene)
  const server: TestServer = await openTestServer({ controlPlane: scene.plane })
  opened.push(server)
  return {
    ...scene,
    async call(method, path, body) {
      const response = await fetch(`${server.url}/apis/headgate.dev/v1alpha1${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    },
  }
}

const orders = (age = '1d'): Member => declare('Stream', 'orders', { retention: { age } })
const WHY = '/namespaces/default/streams/orders/why'

describe('the history of a source', () => {
  test('is listed newest first, read one by one, and compared', async () => {
    const { say, call } = await open(orders())
    await say([orders('2d')])
    const listed = await call('GET', '/sources/local/revisions?limit=1')
    expect(listed.body).toMatchObject({
      source: 'local',
      pinned: null,
      revisions: [{ revision: 2, outcome: 'applied', cause: 'change', counts: { update: 1 } }],
    })
    expect(listed.body.revisions[0].started).toBe('2026-01-01T00:00:00.000000Z')
    expect((await call('GET', '/sources/local/revisions/2')).body).toMatchObject({
      revision: 2,
      actionCount: 1,
      actions: [
        {
          verb: 'update',
          name: 'orders',
          changes: [{ path: 'spec.retention.age', from: '1d', to: '2d' }],
        },
      ],
    })
    expect((await call('GET', '/sources/local/revisions/1/diff')).body).toMatchObject({
      from: 1,
      to: null,
      differences: [{ name: 'orders', change: 'changed' }],
    })
    expect((await call('GET', '/sources/local/revisions/1/diff?to=1')).body.differences).toEqual([])
  })

  test('never shows a literal secret, in a header of a sink neither', async () => {
    const sink = (value: string): Member =>
      declare('Sink', 'out', {
        reads: 'orders',
        endpoint: { url: `http://u:${value}@h`, headers: { 'X-Plain': value } },
      })
    const { say, call, plane } = await open(orders(), sink('canary-one'))
    await say([orders(), sink('canary-two')])
    const answers = await Promise.all([
      call('GET', '/sources/local/revisions/2'),
      call('GET', '/sources/local/revisions/1/diff'),
      call('GET', '/namespaces/default/sinks/out/why'),
      call('POST', '/sources/local/rollback', { revision: 1 }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(JSON.stringify([answers, plane.events.list()])).not.toContain('canary')
  })

  test('refuses what it does not have', async () => {
    const { call } = await open(orders())
    expect((await call('GET', '/sources/other/revisions')).status).toBe(404)
    expect((await call('GET', '/sources/local/revisions/9')).body).toMatchObject({
      kind: 'Status',
      code: 404,
      reason: 'NotFound',
    })
    for (const path of [
      'revisions?limit=0',
      'revisions/x',
      'revisions/0',
      'revisions/1/diff?to=-1',
    ])
      expect((await call('GET', `/sources/local/${path}`)).status, path).toBe(400)
  })
})

describe('a rollback', () => {
  test('answers what it pinned and what it did, and is ended by hand', async () => {
    const { say, call } = await open(orders())
    await say([orders('2d')])
    const request = { revision: 1, reason: 'the edit was wrong' }
    const { status, body } = await call('POST', '/sources/local/rollback', request)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      source: 'local',
      pinned: { revision: 1, reason: 'the edit was wrong', since: '2026-01-01T00:00:00.000000Z' },
      revision: { revision: 3, cause: 'rollback' },
      plan: { actions: [] },
    })
    expect((await call('GET', '/sources/local/revisions')).body.pinned).toMatchObject({
      revision: 1,
    })
    expect((await call('POST', '/sources/local/rollback/resume')).status).toBe(200)
    expect((await call('GET', '/sources/local/revisions')).body.pinned).toBeNull()
  })

  test('is refused without the number of a revision, and to the one in force', async () => {
    const { call } = await open(orders())
    for (const revision of [undefined, 0, 1.5, 'x', null])
      expect((await call('POST', '/sources/local/rollback', { revision })).status).toBe(400)
    expect((await call('POST', '/sources/local/rollback', { revision: 1 })).body).toMatchObject({
      code: 409,
      reason: 'NothingToRollBack',
    })
  })
})

describe('a suspension', () => {
  test('is put on a source and taken off again', async () => {
    const { say, call, streams } = await open(orders())
    const until = '2026-01-02T00:00:00Z'
    const put = await call('PUT', '/sources/local/suspension', { reason: 'freeze', until })
    expect(put.body).toEqual({ since: '2026-01-01T00:00:00Z', until, reason: 'freeze' })
    await say([orders(), declare('Stream', 'late')])
    expect(streams()).toEqual(['default/orders'])
    expect((await call('GET', '/sources/local')).body.status.suspended).toEqual(put.body)
    expect((await call('DELETE', '/sources/local/suspension')).status).toBe(204)
    expect(streams()).toEqual(['default/late', 'default/orders'])
  })

  test('is put on a single resource', async () => {
    const { say, call, world } = await open(orders())
    const path = '/namespaces/default/streams/orders/suspension'
    expect((await call('PUT', path)).status).toBe(200)
    await say([orders('2d')])
    expect(world.engine.streams.describe()[0]?.retention.ageMs).toBe(86_400_000)
    expect((await call('GET', WHY)).body.suspended).toEqual({ since: '2026-01-01T00:00:00Z' })
    await call('DELETE', path)
    expect(world.engine.streams.describe()[0]?.retention.ageMs).toBe(2 * 86_400_000)
  })

  test('takes reasons of a bounded length, and times to come', async () => {
    const { call } = await open(orders())
    const put = async (body: unknown): Promise<number> =>
      (await call('PUT', '/sources/local/suspension', body)).status
    expect(await put({ reason: 'x'.repeat(REASON_CHARACTERS_MAX) })).toBe(200)
    expect(await put({ reason: 'x'.repeat(REASON_CHARACTERS_MAX + 1) })).toBe(400)
    expect(await put({ reason: 7 })).toBe(400)
    expect(await put({ until: 'tomorrow' })).toBe(400)
    expect(await put({ until: '17' })).toBe(400)
    expect(await put({ until: '2025-01-01T00:00:00Z' })).toBe(400)
    expect((await call('PUT', '/sources/other/suspension')).status).toBe(404)
  })
})

describe('a reconcile', () => {
  test('looks at once, and tells how the source is', async () => {
    const { source, call } = await open(orders())
    const reads = source.reads
    const { body } = await call('POST', '/sources/local/reconcile')
    expect(source.reads).toBe(reads + 1)
    expect(body).toMatchObject({ ready: true, source: { metadata: { name: 'local' } } })
  })

  test('waits for Ready no longer than it may', async () => {
    const { call, say, pass, world } = await open(orders())
    world.refuse.when = () => true
    await say([orders(), declare('Pipeline', 'copy', { input: {}, output: {} })])
    expect((await call('POST', '/sources/local/reconcile')).body.ready).toBe(false)
    const waiting = call('POST', '/sources/local/reconcile', { waitMs: 120_000 })
    await new Promise((resolve) => world.options.endpoints && setImmediate(resolve))
    world.refuse.when = () => false
    let answer: Answer | undefined
    void waiting.then((came) => {
      answer = came
    })
    for (let step = 0; step < 100 && answer === undefined; step += 1) await pass(1_000)
    expect(answer?.body.ready).toBe(true)
    for (const waitMs of [-1, 0.5, 'x', RECONCILE_WAIT_MS_MAX + 1])
      expect((await call('POST', '/sources/local/reconcile', { waitMs })).status).toBe(400)
    expect((await call('POST', '/sources/other/reconcile')).status).toBe(404)
  })
})

describe('why', () => {
  test('tells owner, place, revision and last change of a resource', async () => {
    const { say, call } = await open(orders())
    await say([orders('2d')])
    expect((await call('GET', WHY)).body).toMatchObject({
      kind: 'Stream',
      name: 'orders',
      owner: 'local',
      origin: { file: 'orders.yaml', line: 1, column: 1 },
      revision: 2,
      lastChange: {
        verb: 'update',
        cause: 'change',
        reason: 'spec.retention.age changed',
        changes: [{ path: 'spec.retention.age', from: '1d', to: '2d' }],
      },
      suspended: null,
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready' })]),
    })
  })

  test('still tells of what has gone', async () => {
    const { say, pass, call } = await open(orders(), declare('Stream', 'kept'))
    await say([declare('Stream', 'kept')])
    await pass(3_000)
    expect((await call('GET', WHY)).body).toMatchObject({
      owner: null,
      lastChange: { verb: 'retain', reason: 'no longer declared' },
    })
    expect((await call('GET', '/namespaces/default/streams/never/why')).status).toBe(404)
  })
})
