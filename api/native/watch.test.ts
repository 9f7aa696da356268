import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ResourceObject } from '../../crds/resource.ts'
import { openTestServer, resource, type TestServer } from '../testing.ts'

const BASE = '/apis/headgate.dev/v1alpha1'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
let server: TestServer
const leaving = new Set<AbortController>()

beforeEach(async () => {
  server = await openTestServer()
  put('a', { team: 'x' })
  put('b', { team: 'y' })
})
afterEach(async () => {
  for (const one of leaving) one.abort()
  await server[Symbol.asyncDispose]()
})

function put(name: string, labels: Readonly<Record<string, string>>): ResourceObject {
  const object = resource('Sink', name, {
    spec: { endpoint: { headers: { Authorization: 'Bearer secret' } } },
  })
  const labelled = { ...object, metadata: { ...object.metadata, labels } }
  const at = server.objects.findIndex(({ metadata }) => metadata.name === name)
  server.objects.splice(at < 0 ? server.objects.length : at, at < 0 ? 0 : 1, labelled)
  server.changes.touched({ kind: 'Sink', namespace: 'default', name })
  return labelled
}

function remove(name: string): void {
  const at = server.objects.findIndex(({ metadata }) => metadata.name === name)
  server.objects.splice(at, 1)
  server.changes.touched({ kind: 'Sink', namespace: 'default', name })
}

interface WatchEvent {
  readonly type: string
  readonly object: {
    readonly kind: string
    readonly metadata: Readonly<Record<string, unknown>>
    readonly columnDefinitions?: readonly object[] | null
    readonly rows?: readonly { readonly cells: readonly unknown[] }[]
  }
}

interface Watch {
  next(): Promise<WatchEvent | undefined>
  take(count: number): Promise<readonly string[]>
}

async function watch(query: string, headers: Record<string, string> = {}): Promise<Watch> {
  const controller = new AbortController()
  leaving.add(controller)
  const url = `${server.url}${BASE}/sinks?watch=true&${query}`
  const response = await fetch(url, { headers, signal: controller.signal })
  expect(response.status).toBe(200)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  const next = async (): Promise<WatchEvent | undefined> => {
    while (!text.includes('\n')) {
      const { value, done } = await reader.read()
      if (done) return undefined
      text += decoder.decode(value, { stream: true })
    }
    const [line = '', ...rest] = text.split('\n')
    text = rest.join('\n')
    return JSON.parse(line) as WatchEvent
  }
  return {
    next,
    take: async (count) => {
      const taken: string[] = []
      while (taken.length < count) {
        const event = await next()
        taken.push(`${event?.type} ${event?.object.metadata['name']}`)
      }
      return taken
    },
  }
}

async function revision(): Promise<string> {
  const response = await fetch(`${server.url}${BASE}/sinks`)
  const list = (await response.json()) as { metadata: { resourceVersion: string } }
  return list.metadata.resourceVersion
}

describe('a watch', () => {
  test('tells what is added, changed and deleted after a list', async () => {
    const from = await revision()
    put('c', {})
    const watching = await watch(`resourceVersion=${from}`)
    expect(await watching.take(1)).toEqual(['ADDED c'])
    put('c', { team: 'z' })
    expect(await watching.take(1)).toEqual(['MODIFIED c'])
    remove('c')
    expect(await watching.take(1)).toEqual(['DELETED c'])
  })

  test('without a version begins with what is there', async () => {
    expect(await (await watch('')).take(2)).toEqual(['ADDED a', 'ADDED b'])
  })

  test('marks the end of what was there for who asks', async () => {
    const query =
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watching = await watch(query)
    expect(await watching.take(2)).toEqual(['ADDED a', 'ADDED b'])
    const mark = await watching.next()
    expect(mark?.type).toBe('BOOKMARK')
    expect(mark?.object.metadata).toMatchObject({
      annotations: { 'k8s.io/initial-events-end': 'true' },
      resourceVersion: await revision(),
    })
  })

  test('adds what begins to match a selector, and deletes what ceases to', async () => {
    const watching = await watch(`resourceVersion=${await revision()}&labelSelector=team%3Dx`)
    put('b', { team: 'x' })
    expect(await watching.take(1)).toEqual(['ADDED b'])
    put('a', { team: 'y' })
    put('b', { team: 'x', tier: 'gold' })
    expect(await watching.take(2)).toEqual(['DELETED a', 'MODIFIED b'])
  })

  test('says once, in its first table, what the columns are', async () => {
    const watching = await watch('', { accept: TABLE })
    const [first, second] = [await watching.next(), await watching.next()]
    expect(first?.object.columnDefinitions?.length).toBeGreaterThan(3)
    expect(second?.object).toMatchObject({ kind: 'Table', columnDefinitions: null })
    expect(second?.object.rows?.[0]?.cells[0]).toBe('b')
  })

  test('gives no secret away', async () => {
    const watching = await watch('')
    expect(JSON.stringify([await watching.next(), await watching.next()])).not.toContain('Bearer')
  })

  test('of a version that is no longer known is refused with 410', async () => {
    const response = await fetch(`${server.url}${BASE}/sinks?watch=true&resourceVersion=1`)
    expect(response.status).toBe(410)
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'Expired', code: 410 })
  })

  test('ends with the server', async () => {
    const watching = await watch('')
    await watching.take(2)
    await server[Symbol.asyncDispose]()
    expect(await watching.next()).toBeUndefined()
    server = await openTestServer()
  })
})
