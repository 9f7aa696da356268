import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestServer, resource, type TestServer } from '../testing.ts'

const BASE = '/apis/headgate.dev/v1alpha1'
let server: TestServer

beforeAll(async () => {
  server = await openTestServer()
  server.objects.push(
    ...['b', 'a', 'c'].map((name) => resource('Stream', name)),
    resource('Stream', 'd', { namespace: 'eu' }),
    resource('Sink', 'out', {
      spec: { endpoint: { headers: { Authorization: 'Bearer secret' } } },
      status: { owner: 'local', origin: 'sinks.yaml:3:1' },
    }),
  )
  server.retained.push(resource('RetainedStream', 'old'))
  server.sources.push({ ...resource('Source', 'local'), metadata: { name: 'local' } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

async function call(path: string, init: RequestInit = {}): Promise<[number, Answer]> {
  const response = await fetch(`${server.url}${path}`, init)
  return [response.status, (await response.json()) as Answer]
}

interface Answer extends Readonly<Record<string, unknown>> {
  readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number }
  readonly items: readonly { readonly metadata: { readonly name: string } }[]
  readonly message: string
}

const names = ({ items }: Answer): readonly string[] => items.map(({ metadata }) => metadata.name)

describe('discovery', () => {
  test('names the group, the version and every resource with its verbs', async () => {
    expect((await call('/api'))[1]).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
    expect((await call('/apis'))[1]).toMatchObject({
      kind: 'APIGroupList',
      groups: [{ name: 'events.k8s.io' }, { name: 'headgate.dev' }],
    })
    expect((await call('/apis/headgate.dev'))[1]).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { groupVersion: 'headgate.dev/v1alpha1' },
    })
    const [, list] = await call(BASE)
    expect(list).toMatchObject({ kind: 'APIResourceList', groupVersion: 'headgate.dev/v1alpha1' })
    expect(list['resources']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'accesspolicies', kind: 'AccessPolicy', namespaced: true }),
        expect.objectContaining({ name: 'sources', namespaced: false }),
        expect.objectContaining({ name: 'retainedstreams', verbs: ['get', 'list', 'delete'] }),
      ]),
    )
  })
})

describe('get and list', () => {
  test('answer one namespace or all, sorted, with the revision', async () => {
    const [status, list] = await call(`${BASE}/namespaces/default/streams`)
    expect([status, names(list)]).toEqual([200, ['a', 'b', 'c']])
    expect(list).toMatchObject({
      kind: 'StreamList',
      metadata: { resourceVersion: expect.stringMatching(/^[0-9]+$/) },
    })
    expect(names((await call(`${BASE}/streams`))[1])).toEqual(['a', 'b', 'c', 'd'])
  })

  test('page with limit and continue to the last object', async () => {
    const [, first] = await call(`${BASE}/streams?limit=3`)
    expect(first.metadata.remainingItemCount).toBe(1)
    const [, second] = await call(`${BASE}/streams?limit=3&continue=${first.metadata.continue}`)
    expect([...names(first), ...names(second)]).toEqual(['a', 'b', 'c', 'd'])
    expect(second.metadata.continue).toBeUndefined()
  })

  test('refuse what would be answered wrongly', async () => {
    for (const query of [
      'limit=x',
      'continue=x',
      'labelSelector=-',
      'fieldSelector=spec.type%3Da',
    ]) {
      const [status, body] = await call(`${BASE}/streams?${query}`)
      expect([status, body['reason']]).toEqual([400, 'BadRequest'])
    }
  })

  test('never give a secret back', async () => {
    const [, sink] = await call(`${BASE}/namespaces/default/sinks/out`)
    expect(sink['spec']).toEqual({ endpoint: { headers: { Authorization: '***' } } })
    expect(JSON.stringify(await call(`${BASE}/sinks`))).not.toContain('Bearer')
  })

  test('answer 404 as a Status, and say where a retained stream went', async () => {
    const [status, body] = await call(`${BASE}/namespaces/default/streams/old`)
    expect([status, body['reason']]).toEqual([404, 'NotFound'])
    expect(body.message).toContain('streams.headgate.dev "old" not found\nIt is retained')
  })
})

describe('writes', () => {
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    test(`${method} answers 409 and names the owner and the file to edit`, async () => {
      const [status, body] = await call(`${BASE}/namespaces/default/sinks/out`, { method })
      expect([status, body['kind'], body['reason']]).toEqual([409, 'Status', 'Conflict'])
      expect(body['details']).toMatchObject({ causes: [{ message: 'owned by the source local' }] })
      expect(body.message).toContain('owned by the source local: edit sinks.yaml:3:1')
    })
  }

  test('of a scale are forbidden, for kubectl would try again for ever', async () => {
    server.objects.push(resource('Stream', 'owned', { status: { owner: 'local' } }))
    const path = `${BASE}/namespaces/default/streams/owned/scale`
    const [status, body] = await call(path, { method: 'PATCH' })
    server.objects.pop()
    expect([status, body['reason'], body.message]).toEqual([
      403,
      'Forbidden',
      expect.stringContaining('owned by the source local'),
    ])
  })

  test('on a source answer 405 and say where it is configured', async () => {
    const [status, body] = await call(`${BASE}/sources/local`, { method: 'DELETE' })
    expect([status, body.message]).toEqual([405, expect.stringContaining('headgate.yaml')])
  })
})

describe('sources and retained streams', () => {
  const post = (path: string, body: string): Promise<[number, Answer]> =>
    call(`${BASE}/sources/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })

  test('plan the files that are sent', async () => {
    const files = [{ path: 'a.yaml', text: 'x' }]
    const [status, plan] = await post('local/plan', JSON.stringify({ files }))
    expect(status).toBe(200)
    expect(plan).toMatchObject({
      source: 'local',
      digest: 'd',
      destructiveDigest: null,
      actions: [],
    })
    expect(server.planned).toEqual([files])
  })

  test('refuse a plan without files and an unknown source', async () => {
    expect((await post('local/plan', '{}'))[0]).toBe(400)
    expect((await post('local/plan', '{"files":[{"path":1}]}'))[1].message).toContain('files[0]')
    const [status, body] = await post('other/plan', '{"files":[]}')
    expect([status, body.message]).toEqual([404, expect.stringContaining('are local.')])
  })

  test('approve what is blocked, and refuse another digest with 409', async () => {
    expect((await post('local/approvals', ''))[0]).toBe(201)
    expect((await post('local/approvals', '{"digest":"abc"}'))[1]['digest']).toBe('abc')
    const [status, body] = await post('local/approvals', '{"digest":"other"}')
    expect([status, body['reason']]).toEqual([409, 'DigestMismatch'])
    expect(server.approved).toEqual([undefined, 'abc'])
  })

  test('purge by DELETE, once it is known', async () => {
    const path = `${BASE}/namespaces/default/retainedstreams`
    expect(names((await call(path))[1])).toEqual(['old'])
    expect((await call(`${path}/a`, { method: 'DELETE' }))[1].message).toContain(
      'The stream is declared',
    )
    server.objects.push(resource('Stream', 'kept', { spec: { protected: true } }))
    const [status, refused] = await call(`${path}/kept`, { method: 'DELETE' })
    server.objects.pop()
    expect([status, refused['reason']]).toEqual([409, 'ProtectedResource'])
    expect((await call(`${path}/old`, { method: 'DELETE' }))[1]['status']).toBe('Success')
    expect(server.purged).toEqual(['default/old'])
  })
})
