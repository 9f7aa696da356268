/** The client against a real server: what it writes, reads, commits and survives. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HeadgateClient, RequestFailed } from '../../client/client.ts'
import { type HeadgateProcess, up } from '../harness/headgate-process.ts'

interface Order {
  readonly id: number
}

interface Streams {
  readonly orders: Order
  readonly latest: { readonly name: string }
}

const STREAMS = 11
let home: string
let server: HeadgateProcess
let client: HeadgateClient<Streams>

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'headgate-client-'))
  const folder = join(home, 'config')
  mkdirSync(folder)
  const streams = Array.from({ length: STREAMS }, (_, index) => streamText(index + 1))
  writeFileSync(join(folder, 'streams.yaml'), streams.join('---\n'))
  server = await up({ folder, dataDirectory: join(home, 'data') })
  client = new HeadgateClient<Streams>({ server: server.url })
  const last = client.resources('Stream')
  while ((await last.list()).length < STREAMS) await setImmediate()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

const streamText = (index: number): string => `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders-${index}}
spec: {shards: 4}
`

let used = 0
/** Each test has a stream of its own, though the type knows only of one. */
function freshStream(): 'orders' {
  return `orders-${++used}` as 'orders'
}

async function all<Value>(source: AsyncIterable<Value>): Promise<readonly Value[]> {
  const values: Value[] = []
  for await (const value of source) values.push(value)
  return values
}

async function taken<Value>(
  count: number,
  source: AsyncIterable<Value>,
): Promise<readonly Value[]> {
  const values: Value[] = []
  for await (const value of source) {
    values.push(value)
    if (values.length === count) break
  }
  return values
}

const ids = (values: readonly { readonly value: Order }[]): readonly number[] =>
  values.map(({ value }) => value.id).toSorted((one, other) => one - other)

describe('a stream', () => {
  test('gives back what was appended, with keys and headers, of all shards', async () => {
    const orders = client.stream(freshStream())
    const appended = await orders.append([
      { key: 'a', headers: { by: 'ada' }, value: { id: 1 } },
      { key: 'b', value: { id: 2 } },
      { value: { id: 3 } },
    ])
    expect(appended).toHaveLength(3)
    const read = await all(orders.read())
    expect(ids(read)).toEqual([1, 2, 3])
    expect(read.find(({ key }) => key === 'a')?.headers).toEqual({ by: 'ada' })
  })

  test('writes once what is sent twice under one key', async () => {
    const orders = client.stream(freshStream())
    const first = await orders.append({ value: { id: 1 } }, { idempotencyKey: 'k' })
    expect(await orders.append({ value: { id: 1 } }, { idempotencyKey: 'k' })).toEqual(first)
    expect(await all(orders.read())).toHaveLength(1)
  })

  test('repeats an append whose answer was lost, and writes it once', async () => {
    const name = freshStream()
    let isLost = true
    const losing: typeof fetch = async (...given) => {
      const response = await fetch(...given)
      if (!isLost) return response
      isLost = false
      throw new TypeError('the connection was cut')
    }
    const orders = new HeadgateClient<Streams>({ server: server.url, fetch: losing }).stream(name)
    await orders.append({ value: { id: 1 } })
    expect(await all(client.stream(name).read())).toHaveLength(1)
  })

  test('goes on with what comes later while it is followed, and stops when told to', async () => {
    const orders = client.stream(freshStream())
    await orders.append({ value: { id: 1 } })
    const stop = new AbortController()
    const following = orders.read({ follow: true, signal: stop.signal })
    expect((await following.next()).value).toMatchObject({ value: { id: 1 } })
    const next = following.next()
    await orders.append({ value: { id: 2 } })
    expect((await next).value).toMatchObject({ value: { id: 2 } })
    const last = following.next()
    stop.abort(new Error('enough'))
    await expect(last).rejects.toThrow('enough')
  })

  test('says what is wrong, with the code that explain knows', async () => {
    const wrong = await client
      .stream('none' as 'orders')
      .append({ value: { id: 1 } })
      .catch((thrown) => thrown)
    expect(wrong).toBeInstanceOf(RequestFailed)
    expect(wrong).toMatchObject({ status: 404, reason: 'NotFound' })
    const away = new HeadgateClient({ server: 'http://127.0.0.1:1' })
    await expect(away.stream('orders').shards()).rejects.toThrow('is the server running?')
    for (const address of ['127.0.0.1:4195', 'localhost:4195', '']) {
      expect(() => new HeadgateClient({ server: address })).toThrow(
        `expected server to be a URL such as http://127.0.0.1:4195, got ${address}`,
      )
    }
  })

  test('sends whole numbers that a double cannot hold as they are', async () => {
    const sent: unknown[] = []
    const seeing: typeof fetch = (url, init) => {
      sent.push(init?.body)
      return fetch(url, init)
    }
    const seen = new HeadgateClient({ server: server.url, fetch: seeing })
    await seen.stream(freshStream()).append({ value: { id: 9_007_199_254_740_993n } })
    expect(sent).toEqual([expect.stringContaining('{"id":9007199254740993}')])
  })
})

describe('a consumer group', () => {
  test('reads each record once, and goes on where the loop stopped', async () => {
    const name = freshStream()
    await client.stream(name).append([1, 2, 3, 4].map((id) => ({ key: `${id}`, value: { id } })))
    const first = await taken(1, client.group('billing').consume(name))
    // The batch that the loop was left in is not committed.
    const again: number[] = []
    for await (const { records } of client.group('billing').consume(name)) {
      again.push(...ids(records))
      if (again.length === 4) break
    }
    expect(first[0]?.records.length).toBeGreaterThan(0)
    expect(again.toSorted()).toEqual([1, 2, 3, 4])
  })

  test('commits a batch once the next is asked for', async () => {
    const name = freshStream()
    const orders = client.stream(name)
    await orders.append({ key: 'k', value: { id: 1 } })
    const stop = new AbortController()
    const loop = client.group('commits').consume(name, { signal: stop.signal })
    expect(ids((await loop.next()).value?.records ?? [])).toEqual([1])
    await orders.append({ key: 'k', value: { id: 2 } })
    expect(ids((await loop.next()).value?.records ?? [])).toEqual([2])
    stop.abort()
    await loop.return()
    const again = await taken(1, client.group('commits').consume(name))
    expect(again.map(({ records }) => ids(records))).toEqual([[2]])
  })

  test('shares the shards, and hands them over without losing a record', async () => {
    const name = freshStream()
    const orders = client.stream(name)
    const seen: number[] = []
    const done = Promise.withResolvers<void>()
    const stop = new AbortController()
    const member = async (): Promise<void> => {
      const options = { signal: stop.signal, sessionMs: 1_000 }
      for await (const { records } of client.group('share').consume(name, options)) {
        seen.push(...ids(records))
        if (new Set(seen).size === 200) done.resolve()
      }
    }
    const first = member()
    for (let id = 0; id < 100; id++) await orders.append({ key: `${id}`, value: { id } })
    const second = member()
    for (let id = 100; id < 200; id++) await orders.append({ key: `${id}`, value: { id } })
    await done.promise
    stop.abort()
    await Promise.all([first, second])
    expect([...new Set(seen)]).toHaveLength(200)
  })

  test('ends its loop with what no further try can mend', async () => {
    const wrong = client.group('wrong').consume('none' as 'orders')
    await expect(wrong.next()).rejects.toMatchObject({ status: 404 })
  })
})

describe('resources', () => {
  test('are applied, listed, watched and deleted', async () => {
    const streams = client.resources('Stream')
    const stop = new AbortController()
    const watch = streams.watch({ signal: stop.signal })
    const applied = await streams.apply('made', { shards: 3 }, { labels: { team: 'a' } })
    expect(applied.spec.shards).toBe(3)
    expect((await streams.get('made')).metadata.labels).toEqual({ team: 'a' })
    expect((await streams.list('team=a')).map(({ metadata }) => metadata.name)).toEqual(['made'])
    const [event] = await taken(1, watch)
    expect(event).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'made' } } })
    await streams.delete('made')
    await expect(streams.get('made')).rejects.toMatchObject({ status: 404 })
  })
})
