/** Writes over HTTP with a real control plane behind: secrets, forms, and what kubectl has no words for. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ControlPlane } from '../../../controllers/control-plane.ts'
import { identityOf, postedWorld } from '../../../controllers/posted/testing.ts'
import { startControlPlane } from '../../../controllers/start-control-plane.ts'
import { openTestServer, type TestServer } from '../../testing.ts'
import { BODY_LEVELS_MAX } from './judge-shape.ts'
import { PATCH_OPERATIONS_MAX } from './patch.ts'
import { OBJECT_BYTES_MAX } from './serve-writes.ts'
import { unmask } from './unmask.ts'

const BASE = '/apis/headgate.dev/v1alpha1/namespaces/default'
const cleanups: AsyncDisposable[] = []
let server: TestServer
let plane: ControlPlane

beforeEach(async () => {
  const running = await startControlPlane(postedWorld().options)
  plane = running
  server = await openTestServer({ controlPlane: running })
  cleanups.push(running, server)
})
afterEach(async () => {
  for (const one of cleanups.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly warning: string | null
  // biome-ignore lint/suspicious/noExplicitAny: the body of an answer is what the test says it is
  readonly body: any
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  type: string = 'application/json',
): Promise<Answer> {
  const response = await fetch(`${server.url}${BASE}/${path}`, {
    method,
    headers: { 'content-type': type, 'user-agent': 'tests/1.0' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const warning = response.headers.get('warning')
  return { status: response.status, warning, body: await response.json() }
}

const object = (kind: string, name: string, spec: object, metadata: object = {}): object => ({
  apiVersion: 'headgate.dev/v1alpha1',
  kind,
  metadata: { name, ...metadata },
  spec,
})

const sink = (headers: object): object => ({
  from: { stream: 'orders' },
  endpoint: { type: 'standard', url: 'https://user:pass@archive.example/in', headers },
})

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

describe('a secret that is written in the clear', () => {
  const spec = sink({ Authorization: 'Bearer secret' })
  const keptSpec = (): unknown => plane.writes.written(identityOf('Sink', 'out'))?.object['spec']

  test('is in no answer, neither in what kubectl remembers nor in managed fields', async () => {
    const annotations = { [LAST_APPLIED]: JSON.stringify(object('Sink', 'out', spec)) }
    const made = await call('POST', 'sinks', object('Sink', 'out', spec, { annotations }))
    const dry = await call(
      'PATCH',
      'sinks/out?dryRun=All',
      { metadata: { labels: { a: 'b' } } },
      'application/merge-patch+json',
    )
    const texts = [made, dry, await call('GET', 'sinks/out'), await call('GET', 'sinks')]
    expect(texts.map(({ status }) => status)).toEqual([201, 200, 200, 200])
    for (const { body } of texts)
      expect(JSON.stringify(body)).not.toMatch(/Bearer secret|user:pass/)
    expect(made.body.metadata.annotations[LAST_APPLIED]).toContain('"Authorization":"***"')
    expect(keptSpec()).toEqual(spec)
  })

  test('is kept when an object that was read is written back', async () => {
    await call('POST', 'sinks', object('Sink', 'out', spec))
    const { body } = await call('GET', 'sinks/out')
    body.metadata.labels = { team: 'north' }
    expect((await call('PUT', 'sinks/out', body)).status).toBe(200)
    expect(keptSpec()).toMatchObject(spec)
  })

  test('is refused in its masked form where nothing is kept', async () => {
    const { status, body } = await call('POST', 'sinks', object('Sink', 'out', sink({ A: '***' })))
    expect([status, body.reason]).toEqual([422, 'Invalid'])
    expect(body.details.causes.map(({ field }: { field: string }) => field)).toContain(
      'spec.endpoint.headers.A',
    )
  })

  test('does not go to another entry when a list gets shorter', () => {
    const processor = (password: string): object => ({ http: { basic_auth: { password } } })
    const pipeline = (...passwords: readonly string[]): object => ({
      input: { stdin: {} },
      pipeline: { processors: passwords.map(processor) },
      output: { drop: {} },
    })
    const kept = pipeline('first', 'second')
    const same = unmask('Pipeline', pipeline('***', '***'), kept)
    expect(same).toEqual({ value: kept, unknown: [] })
    const shorter = unmask('Pipeline', pipeline('***'), kept)
    expect(shorter.unknown).toEqual(['spec.pipeline.processors.0.http.basic_auth.password'])
    const named = (...names: readonly string[]): object => ({
      list: names.map((name) => ({ name, password: '***' })),
    })
    const secrets = {
      list: [
        { name: 'a', password: 'of a' },
        { name: 'b', password: 'of b' },
      ],
    }
    expect(unmask('Pipeline', named('b', 'a'), secrets).value).toEqual({
      list: [...secrets.list].reverse(),
    })
    const alike = pipeline('first', 'first')
    expect(unmask('Pipeline', pipeline('***'), alike).value).toEqual(pipeline('first'))
  })
})

describe('a write', () => {
  test('takes YAML, and has who wrote it by the User-Agent', async () => {
    const text = 'apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: orders}\n'
    const { status, body } = await call('POST', 'streams', text, 'application/yaml')
    expect([status, body.metadata.managedFields[0].manager]).toEqual([201, 'tests'])
  })

  test('warns of what it drops, unless it is told to be silent or strict', async () => {
    const wrong = object('Stream', 'orders', { shard: 2 })
    const warned = await call('POST', 'streams?dryRun=All', wrong)
    expect([warned.status, warned.warning]).toEqual([201, '299 - "unknown field \\"spec.shard\\""'])
    const silent = await call('POST', 'streams?dryRun=All&fieldValidation=Ignore', wrong)
    expect([silent.status, silent.warning]).toEqual([201, null])
    const strict = await call('POST', 'streams?fieldValidation=Strict', wrong)
    expect([strict.status, strict.body.message]).toEqual([
      400,
      expect.stringContaining('strict decoding error: unknown field "spec.shard"'),
    ])
    const twice = '{"apiVersion":"headgate.dev/v1alpha1","kind":"Stream","metadata":{"name":"a"}'
    const both = await call(
      'POST',
      'streams?dryRun=All',
      `${twice},"spec":{"shards":1,"shards":2}}`,
    )
    expect([both.warning, both.body.spec.shards]).toEqual([
      '299 - "duplicate field \\"spec.shards\\""',
      2,
    ])
  })

  test('that is a dry run changes nothing', async () => {
    const { status, body } = await call('POST', 'streams?dryRun=All', object('Stream', 'a', {}))
    expect([status, body.spec.shards, typeof body.metadata.uid]).toEqual([201, 1, 'string'])
    expect((await call('GET', 'streams/a')).status).toBe(404)
  })

  test('names each field that is wrong', async () => {
    const spec = { shards: 0, durability: 'maybe' }
    const { status, body } = await call('POST', 'streams', object('Stream', 'a', spec))
    expect([status, body.reason, body.details.name]).toEqual([422, 'Invalid', 'a'])
    expect(body.details.causes.map(({ field }: { field: string }) => field).sort()).toEqual([
      'spec.durability',
      'spec.shards',
    ])
  })

  test.each([
    ['no object', '[]', 400],
    ['no JSON', '{', 400],
    ['another kind', object('Sink', 'a', {}), 422],
    ['another namespace', object('Stream', 'a', {}, { namespace: 'eu' }), 400],
    ['no name', { ...object('Stream', 'a', {}), metadata: {} }, 422],
    ['another version', { ...object('Stream', 'a', {}), apiVersion: 'headgate.dev/v1' }, 400],
    ['labels that are none', object('Stream', 'a', {}, { labels: 'x' }), 422],
    ['a key that is none', '{"metadata":{"__proto__":{"a":1}}}', 400],
    ['too many levels', `${'{"a":'.repeat(BODY_LEVELS_MAX)}{}${'}'.repeat(BODY_LEVELS_MAX)}`, 400],
    ['more than it may be', 'x'.repeat(OBJECT_BYTES_MAX + 1), 413],
  ])('is refused as %s', async (_, body, expected) => {
    const answer = await call('POST', 'streams', body)
    expect([answer.status, answer.body.kind]).toEqual([expected, 'Status'])
  })

  test('that copies copies ends before it is too large', async () => {
    await call('POST', 'streams', object('Stream', 'a', { metadata: { a: 'x'.repeat(1000) } }))
    const copies = Array.from({ length: 40 }, () => [
      { op: 'copy', from: '/spec', path: '/spec/metadata/b' },
      { op: 'copy', from: '/spec/metadata', path: '/spec/c' },
    ]).flat()
    const patch = await call('PATCH', 'streams/a', copies, 'application/json-patch+json')
    expect([400, 413]).toContain(patch.status)
  })

  test('with too many steps, or one that is none, is refused', async () => {
    await call('POST', 'streams', object('Stream', 'a', {}))
    const type = 'application/json-patch+json'
    const test = { op: 'test', path: '/kind', value: 'Stream' }
    const many = Array.from({ length: PATCH_OPERATIONS_MAX }, () => test)
    expect((await call('PATCH', 'streams/a', many, type)).status).toBe(200)
    expect((await call('PATCH', 'streams/a', [...many, test], type)).status).toBe(413)
    for (const step of [
      { op: 'drop', path: '/a' },
      { op: 'copy', path: '/a' },
      5,
      { op: 'add', path: '/__proto__/a' },
    ])
      expect((await call('PATCH', 'streams/a', [step], type)).status).toBe(400)
  })

  test.each([
    ['dryRun=Some', 'dryRun'],
    ['fieldValidation=Hm', 'fieldValidation'],
    [`fieldManager=${'a'.repeat(129)}`, 'fieldManager'],
  ])('is refused with the option %s', async (query, field) => {
    const { status, body } = await call('POST', `streams?${query}`, object('Stream', 'a', {}))
    expect([status, body.details.causes[0].field]).toEqual([422, field])
  })

  test('of the status, or of a whole collection, is a method that is not there', async () => {
    await call('POST', 'streams', object('Stream', 'a', {}))
    for (const [method, path] of [
      ['PUT', 'streams/a/status'],
      ['PUT', 'streams'],
      ['POST', 'streams/a'],
    ])
      expect((await call(method ?? '', path ?? '', {})).status).toBe(405)
  })
})

describe('a delete', () => {
  test('happens only to what it means', async () => {
    const made = await call('POST', 'streams', object('Stream', 'a', { deletionPolicy: 'Delete' }))
    const wrong = await call('DELETE', 'streams/a', { preconditions: { uid: 'other' } })
    expect([wrong.status, wrong.body.reason]).toEqual([409, 'Conflict'])
    const right = await call('DELETE', 'streams/a', {
      propagationPolicy: 'Foreground',
      preconditions: { uid: made.body.metadata.uid },
    })
    expect([right.status, right.body]).toMatchObject([
      200,
      { status: 'Success', details: { kind: 'streams', name: 'a' } },
    ])
    expect((await call('GET', 'streams/a')).status).toBe(404)
  })

  test('of a collection takes what a selector selects', async () => {
    for (const name of ['a', 'b'])
      await call(
        'POST',
        'streams',
        object('Stream', name, { deletionPolicy: 'Delete' }, { labels: { is: name } }),
      )
    const { body } = await call('DELETE', 'streams?labelSelector=is%3Da')
    expect(body.items.map((one: { metadata: { name: string } }) => one.metadata.name)).toEqual([
      'a',
    ])
    expect((await call('GET', 'streams')).body.items).toHaveLength(1)
  })
})

describe('the scale', () => {
  test('is read and written as a number of its own', async () => {
    await call('POST', 'streams', object('Stream', 'a', { shards: 2 }))
    const { body } = await call('GET', 'streams/a/scale')
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } })
    const written = await call('PUT', 'streams/a/scale', { ...body, spec: { replicas: 4 } })
    expect([written.status, written.body.spec]).toEqual([200, { replicas: 4 }])
    expect((await call('GET', 'streams/a')).body.spec.shards).toBe(4)
    const stale = await call('PUT', 'streams/a/scale', { ...body, spec: { replicas: 5 } })
    expect([stale.status, stale.body.reason]).toEqual([409, 'Conflict'])
    const negative = { ...written.body, spec: { replicas: -1 } }
    expect((await call('PUT', 'streams/a/scale', negative)).status).toBe(422)
  })
})
