import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { LogFields } from '../../engine/ports/logger.ts'
import { ALERT_EVENT_NAMES } from '../config/judge-alerts.ts'
import { type Scene, sceneOf } from '../history/testing.ts'
import type { Member } from '../sets/resource-set.ts'
import { declare, invalid, setOf } from '../testing.ts'
import type { AlertDestination, AlertEvent } from './alert.ts'
import { STALE_AFTER_MS } from './alerts-of-source.ts'

interface Told {
  readonly event: AlertEvent
  readonly state: 'firing' | 'resolved'
  readonly kind: string
  readonly name: string
  readonly reason: string
  readonly message: string
}

interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly posts: Told[][]
  readonly bodies: string[]
  answers: number
  requests: number
  /** Resolves once that is so; looked at after each request. */
  until(so: () => boolean): Promise<void>
}

const opened: AsyncDisposable[] = []
const directory = mkdtempSync(join(tmpdir(), 'headgate-alerts-'))
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

/** A real server that takes alerts, or refuses them. */
async function receive(): Promise<Receiver> {
  const waiting: (() => void)[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      receiver.requests += 1
      if (receiver.answers === 200) {
        receiver.bodies.push(body)
        receiver.posts.push(JSON.parse(body).alerts)
      }
      response.writeHead(receiver.answers).end(() => {
        for (const wake of waiting.splice(0)) wake()
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=canary`,
    posts: [],
    bodies: [],
    answers: 200,
    requests: 0,
    async until(so) {
      while (!so()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  opened.push(receiver)
  return receiver
}

async function open(
  receiver: Pick<Receiver, 'url'>,
  members: readonly Member[],
  given: Parameters<typeof sceneOf>[1] & { readonly events?: readonly AlertEvent[] } = {},
): Promise<Scene> {
  const { events = ALERT_EVENT_NAMES, ...options } = given
  const alerts: readonly AlertDestination[] = [{ url: receiver.url, events }]
  const scene = await sceneOf(members, { alerts, ...options })
  opened.push(scene)
  return scene
}

const orders = declare('Stream', 'orders')
const copy = declare('Pipeline', 'copy', { input: {}, output: {}, reads: 'missing' })

describe('alerts', () => {
  test('tell once that a resource is stalled, and once that it is not any more', async () => {
    const receiver = await receive()
    const { say } = await open(receiver, [orders])
    await say([orders, copy])
    await receiver.until(() => receiver.posts.length === 1)
    expect(receiver.posts[0]).toMatchObject([
      { event: 'Stalled', state: 'firing', kind: 'Pipeline', name: 'copy' },
    ])
    for (const name of ['some', 'more']) await say([orders, copy, declare('Stream', name)])
    await say([orders])
    await receiver.until(() => receiver.posts.length === 2)
    expect(receiver.posts.flat().map(({ state, name }) => `${state} ${name}`)).toEqual([
      'firing copy',
      'resolved copy',
    ])
  })

  test('tell of blocked removals, and of sources with mistakes', async () => {
    const receiver = await receive()
    const many = Array.from({ length: 20 }, (_, index) => declare('Stream', `s${index}`))
    const { say, pass, plane } = await open(receiver, many)
    await say([invalid('Stream', 's0')])
    await pass(5_000)
    await receiver.until(() => receiver.posts.flat().length === 3)
    expect(receiver.posts.flat().map(({ event, kind }) => `${event} ${kind}`)).toEqual([
      'Stalled Source',
      'Stalled Stream',
      'PruneBlocked Source',
    ])
    await plane.sources.approve('local', undefined)
    await receiver.until(() => receiver.posts.flat().length === 4)
    expect(receiver.posts.flat()[3]).toMatchObject({ event: 'PruneBlocked', state: 'resolved' })
  })

  test('tell of a source that cannot be read for long', async () => {
    const receiver = await receive()
    const { say, pass } = await open(receiver, [orders], { events: ['SourceStale'] })
    await say(setOf([], { incomplete: 'the folder is away' }))
    await pass(STALE_AFTER_MS - 60_000)
    expect(receiver.requests).toBe(0)
    await pass(60_000)
    await receiver.until(() => receiver.posts.length === 1)
    expect(receiver.posts[0]).toMatchObject([
      { event: 'SourceStale', name: 'local', message: expect.stringContaining('is away') },
    ])
    await say([orders])
    await receiver.until(() => receiver.posts.length === 2)
    expect(receiver.posts[1]).toMatchObject([{ event: 'SourceStale', state: 'resolved' }])
  })

  test('are tried again until they are taken, and then tell what is so by then', async () => {
    const receiver = await receive()
    const lines: LogFields[] = []
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (_message: string, fields: LogFields = {}) => void lines.push(fields),
      error: () => undefined,
    }
    const { say, pass } = await open(receiver, [orders], { logger })
    receiver.answers = 503
    await say([orders, copy])
    await receiver.until(() => receiver.requests === 1)
    await say([orders, copy, declare('Pipeline', 'other', { input: {}, reads: 'missing' })])
    receiver.answers = 200
    while (receiver.posts.length === 0) await pass(1_000)
    expect(receiver.posts[0]?.map(({ name }) => name)).toEqual(['copy', 'other'])
    expect(JSON.stringify(lines)).toContain('503')
    expect(JSON.stringify(lines)).not.toContain('canary')
  })

  test('are not told twice over a restart, and what ended meanwhile is', async () => {
    const receiver = await receive()
    const broken = declare('Pipeline', 'other', { input: {}, output: {}, reads: 'missing' })
    const first = await open(receiver, [orders, copy, broken], { dataDirectory: directory })
    await receiver.until(() => receiver.posts.flat().length === 2)
    await first[Symbol.asyncDispose]()
    const given = { dataDirectory: directory, engine: first.world.engine }
    await open(receiver, [orders, copy], given)
    await receiver.until(() => receiver.posts.flat().length === 3)
    expect(receiver.posts.flat()[2]).toMatchObject({ state: 'resolved', name: 'other' })
  })

  test('tell of a pipeline that stopped by itself and does not start again', async () => {
    const receiver = await receive()
    const lone = declare('Pipeline', 'lone', { input: {}, output: {} })
    const { world, pass } = await open(receiver, [lone])
    world.refuse.when = () => true
    world.pipelines[0]?.turn('failed')
    while (receiver.posts.length === 0) await pass(1_000)
    expect(receiver.posts[0]).toMatchObject([
      { event: 'Stalled', state: 'firing', name: 'lone', reason: 'ResourceBusy' },
    ])
  })

  test('hold no secret', async () => {
    const receiver = await receive()
    const leaky = { ...invalid('Stream', 'orders') }
    const problem = { ...leaky.problems[0], message: 'cannot reach http://u:canary@host' }
    const { say } = await open(receiver, [orders])
    await say([{ ...leaky, problems: [problem as (typeof leaky.problems)[number]] }])
    await receiver.until(() => receiver.bodies.length > 0)
    expect(receiver.bodies.join('')).toContain('***@host')
    expect(receiver.bodies.join('')).not.toContain('canary')
  })
})
