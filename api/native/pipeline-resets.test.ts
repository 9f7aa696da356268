import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  append,
  copying,
  countOf,
  quiet,
  type ResetWorld,
  startWorld,
  streams,
  until,
} from '../../controllers/resets/testing.ts'
import { openTestServer, type TestServer } from '../testing.ts'

const BASE = '/apis/headgate.dev/v1alpha1'
let world: ResetWorld
let server: TestServer

beforeAll(async () => {
  world = await startWorld([...streams(2), copying()])
  server = await openTestServer({ controlPlane: world.plane })
  await append(world.engine, ['a', 'b', 'c'])
  await until(world, () => countOf(world.engine) === 3)
  await quiet(world)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await world.plane[Symbol.asyncDispose]()
})

interface Answer {
  readonly message?: string
  readonly reason?: string
  readonly [field: string]: unknown
}

async function reset(
  body: object,
  name = 'copy',
  plural = 'pipelines',
): Promise<readonly [number, Answer]> {
  const response = await fetch(`${server.url}${BASE}/namespaces/default/${plural}/${name}/reset`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return [response.status, (await response.json()) as Answer]
}

describe('POST …/pipelines/{name}/reset', () => {
  test('tells in a dry run what would be read again, shard by shard, and then does it', async () => {
    const amount = {
      records: 3,
      bytes: expect.any(Number),
      oldest: expect.stringMatching(/^2026-/),
    }
    const none = { records: 0, bytes: 0, oldest: null }
    const told = {
      kind: 'PipelineReset',
      metadata: { name: 'copy', namespace: 'default' },
      runs: true,
      readAgain: amount,
      skipped: none,
      streams: [
        {
          stream: 'orders',
          group: 'pipeline.copy',
          shards: [
            { shard: 0, committed: 4, from: 4, to: 1, readAgain: amount, skipped: none },
            { shard: 1, committed: null, from: 1, to: 1, readAgain: none, skipped: none },
          ],
        },
      ],
    }
    expect(await reset({ to: 'earliest', dryRun: true })).toMatchObject([
      200,
      { ...told, dryRun: true },
    ])
    await quiet(world)
    expect(countOf(world.engine)).toBe(3)
    expect(await reset({ to: 'earliest' })).toMatchObject([200, { ...told, dryRun: false }])
    await until(world, () => countOf(world.engine) === 6)
    const response = await fetch(`${server.url}${BASE}/namespaces/default/pipelines/copy`)
    expect(await response.json()).toMatchObject({
      status: { lastReset: { by: 'hand', to: 'earliest', readAgain: 3, skipped: 0 } },
    })
  })

  test('refuses what it cannot mean, with what to write', async () => {
    expect(await reset({ to: 'noon' })).toMatchObject([
      400,
      { message: expect.stringContaining('2026-01-31T08:00:00Z') },
    ])
    expect(await reset({ to: 'earliest', shard: 0 })).toMatchObject([
      400,
      { message: 'the body: expected stream, shards, to, dryRun, got "shard"' },
    ])
    expect(await reset({ to: 99 })).toMatchObject([
      400,
      { message: expect.stringContaining('expected a sequence from 1 to 4 in shard 0') },
    ])
    expect(await reset({ to: 'earliest' }, 'cpy')).toMatchObject([
      404,
      { message: expect.stringContaining('Did you mean copy?') },
    ])
    expect((await reset({ to: 'earliest' }, 'copy', 'sinks'))[0]).toBe(404)
  })

  test('is told in discovery', async () => {
    const response = await fetch(`${server.url}${BASE}`)
    expect(await response.json()).toMatchObject({
      resources: expect.arrayContaining([
        expect.objectContaining({ name: 'pipelines/reset', kind: 'PipelineReset' }),
        expect.objectContaining({ name: 'sinks/reset', kind: 'SinkReset' }),
      ]),
    })
  })
})
