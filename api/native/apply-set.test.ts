/** Posted sets and owners over HTTP, with a real control plane behind. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fileOf, pipelineSpec, postedWorld, writeOf } from '../../controllers/posted/testing.ts'
import {
  type RunningControlPlane,
  startControlPlane,
} from '../../controllers/start-control-plane.ts'
import { openTestServer, type TestServer } from '../testing.ts'

const BASE = '/apis/headgate.dev/v1alpha1'
const cleanups: AsyncDisposable[] = []
let server: TestServer
let plane: RunningControlPlane

beforeEach(async () => {
  plane = await startControlPlane(postedWorld().options)
  server = await openTestServer({ controlPlane: plane })
  cleanups.push(plane, server)
})
afterEach(async () => {
  for (const one of cleanups.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: the body of an answer is what the test says it is
  readonly body: any
}

async function post(path: string, body: unknown): Promise<Answer> {
  const response = await fetch(`${server.url}${BASE}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

const apply = (body: object): Promise<Answer> => post('sources/shop/apply', body)
const shop = [
  fileOf('Stream', 'raw', {}),
  fileOf('Stream', 'clean', {}),
  fileOf('Pipeline', 'clean', pipelineSpec('raw', 'clean')),
]

describe('POST sources/{name}/apply', () => {
  test('answers the plan and what came of it', async () => {
    const { status, body } = await apply({ files: shop })
    expect(status).toBe(200)
    expect(body).toMatchObject({ source: 'shop', outcome: 'applied', revision: 1, problems: [] })
    expect(body.actions).toHaveLength(3)
    expect((await apply({ files: shop })).body).toMatchObject({
      outcome: 'unchanged',
      revision: null,
      actions: [],
    })
  })

  test('shows what is held back in a dry run, and refuses it otherwise', async () => {
    await plane.writes.put(writeOf('Stream', 'raw', {}))
    const dry = await apply({ files: shop, dryRun: true })
    expect(dry.body.outcome).toBe('planned')
    expect(dry.body.actions.map(({ blockedBy }: { blockedBy?: string }) => blockedBy)).toContain(
      'Conflict',
    )
    const { status, body } = await apply({ files: shop })
    expect([status, body.reason]).toEqual([409, 'ApplyFailed'])
    expect(body.message).toContain('source api')
  })

  test('tells every mistake with its place', async () => {
    const wrong = [fileOf('Stream', 'a', { shards: 0 }), fileOf('Stream', 'b', { shard: 1 })]
    const { status, body } = await apply({ files: [...shop, ...wrong] })
    expect([status, body.reason]).toEqual([422, 'Invalid'])
    expect(body.message.split('\n')).toHaveLength(3)
    expect(body.details.causes.map(({ field }: { field?: string }) => field)).toEqual([
      undefined,
      'Stream-a.json:9:15',
      'Stream-b.json:9:5',
    ])
  })

  test('asks for an approval by its digest', async () => {
    await apply({ files: shop })
    const { status, body } = await apply({ files: [] })
    expect([status, body.reason]).toEqual([409, 'PruneBlocked'])
    const approve = /--approve (\w+)/.exec(body.message)?.[1]
    expect((await apply({ files: [], approve })).body).toMatchObject({ outcome: 'applied' })
  })

  test('refuses a plan that is another one now, and requests without sense', async () => {
    expect((await apply({ files: shop, expectedDigest: 'other' })).body.reason).toBe('StateMoved')
    for (const wrong of [
      {},
      { files: 'x' },
      { files: shop, dryRun: 'yes' },
      { files: shop, approve: 7 },
      { files: shop, expectedDigest: '' },
    ])
      expect((await apply(wrong)).status).toBe(400)
    expect((await post('sources/api/apply', { files: shop })).status).toBe(409)
    expect(plane.sources.get('shop')).toBeUndefined()
  })
})

describe('POST …/ownership', () => {
  test('decides, and says what it waits for', async () => {
    await apply({ files: shop })
    await plane.writes.put(writeOf('Stream', 'own', {}))
    const decide = (body: object): Promise<Answer> =>
      post('namespaces/default/streams/own/ownership', body)
    expect(await decide({ verb: 'transfer', source: 'shop' })).toMatchObject({
      status: 200,
      body: { verb: 'transfer', from: 'api', to: 'shop', done: false },
    })
    const files = [...shop, fileOf('Stream', 'own', {})]
    expect((await apply({ files })).body.actions).toMatchObject([{ verb: 'transfer' }])
    expect((await decide({ verb: 'adopt', source: 'shop' })).body.done).toBe(true)
    expect((await decide({ verb: 'adopt', source: 'none' })).status).toBe(404)
    expect((await decide({ verb: 'take', source: 'shop' })).status).toBe(400)
    expect((await decide({ verb: 'adopt' })).status).toBe(400)
  })
})
