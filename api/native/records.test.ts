import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestServer, streamRecord, type TestServer } from '../testing.ts'
import { RECORDS_BODY_BYTES_MAX, RECORDS_PER_REQUEST_MAX } from './records-request.ts'

let server: TestServer
let count = 0

beforeAll(async () => {
  server = await openTestServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

async function newStream(shards = 1, compaction: 'none' | 'key' = 'none'): Promise<string> {
  const name = `s${count++}`
  await server.engine.streams.create(streamRecord(`default/${name}`, { shards, compaction }))
  return name
}

const urlOf = (stream: string, query = ''): string =>
  `${server.url}/apis/headgate.dev/v1alpha1/namespaces/default/streams/${stream}/records${query}`

function post(
  stream: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(urlOf(stream), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

async function read(stream: string, query = ''): Promise<ReadAnswer> {
  return (await (await fetch(urlOf(stream, query))).json()) as ReadAnswer
}

interface ReadAnswer {
  readonly records: readonly Readonly<Record<string, unknown>>[]
  readonly next: string
}

async function statusOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  return (await response.json()) as Readonly<Record<string, unknown>>
}

describe('producing records', () => {
  test('answers shard and sequence of each record, in order', async () => {
    const stream = await newStream()
    const response = await post(stream, { records: [{ value: 1 }, { value: { a: 2 } }] })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      records: [
        { shard: 0, sequence: 1 },
        { shard: 0, sequence: 2 },
      ],
    })
  })

  test('keeps the bytes of a value as they were sent', async () => {
    const stream = await newStream()
    await post(
      stream,
      '{"records":[{"value": {"n": 12345678901234567890, "f": 1.0,  "b":"\\u00e9"} }]}',
    )
    const text = await (await fetch(urlOf(stream))).text()
    expect(text).toContain('"value":{"n": 12345678901234567890, "f": 1.0,  "b":"\\u00e9"}')
  })

  test('keeps key, headers and binary data', async () => {
    const stream = await newStream()
    const headers = { one: 'a', many: ['b', 'c'] }
    await post(stream, {
      records: [{ key: 'k', headers, data: Buffer.from([0, 255]).toString('base64') }],
    })
    const { records } = await read(stream)
    expect(records[0]).toMatchObject({ key: 'k', headers, data: 'AP8=' })
    expect(records[0]).not.toHaveProperty('value')
    expect(records[0]?.['arrival']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  })

  test('writes once what comes twice with one idempotency key, and refuses it with other content', async () => {
    const stream = await newStream()
    const once = { 'idempotency-key': 'abc' }
    const first = await (await post(stream, { records: [{ value: 1 }] }, once)).json()
    expect(await (await post(stream, { records: [{ value: 1 }] }, once)).json()).toEqual(first)
    const other = await post(stream, { records: [{ value: 2 }] }, once)
    expect(other.status).toBe(400)
    expect((await statusOf(other))['reason']).toBe('IdempotencyKeyReused')
    expect((await read(stream)).records).toHaveLength(1)
  })

  test('takes one idempotency key for two streams as two', async () => {
    const once = { 'idempotency-key': '1' }
    for (const stream of [await newStream(), await newStream()]) {
      expect((await post(stream, { records: [{ value: 1 }] }, once)).status).toBe(200)
      expect((await read(stream)).records).toHaveLength(1)
    }
  })

  test('names the record that does not fit the type of the stream, and writes none', async () => {
    const stream = await newStream()
    server.checks.set(`default/${stream}`, (data) =>
      Buffer.from(data).toString() === '2' ? 'expected a text, got 2' : undefined,
    )
    const response = await post(stream, { records: [{ value: '1' }, { value: 2 }] })
    expect(response.status).toBe(400)
    expect(await statusOf(response)).toMatchObject({
      reason: 'EventInvalid',
      message: 'records[1]: expected a text, got 2',
    })
    expect((await read(stream)).records).toHaveLength(0)
  })

  test('answers 409 with reason Sealed for a retained stream, which can still be read', async () => {
    const stream = await newStream()
    await post(stream, { records: [{ value: 1 }] })
    const [found] = server.engine.streams.describe([`default/${stream}`])
    const sealed = { sinceUs: 1, by: 'local' }
    await server.engine.streams.alter(
      found?.incarnation ?? 0,
      streamRecord(`default/${stream}`, { sealed }),
    )
    const response = await post(stream, { records: [{ value: 2 }] })
    expect(response.status).toBe(409)
    expect((await statusOf(response))['reason']).toBe('Sealed')
    expect((await read(stream)).records).toHaveLength(1)
  })

  test('answers 404 for a stream that is not there', async () => {
    const response = await post('nothing', { records: [{ value: 1 }] })
    expect(response.status).toBe(404)
    expect((await statusOf(response))['reason']).toBe('NotFound')
  })

  const refused: readonly (readonly [string, string, string])[] = [
    ['what is no JSON', '{', 'the body: expected JSON'],
    ['an empty body', '', 'the body: expected JSON'],
    ['a body without records', '{}', 'expected {"records": [ … ]}'],
    ['no record', '{"records":[]}', 'expected at least one record'],
    [
      'an unknown field',
      '{"records":[{"vlaue":1}]}',
      'records[0]: expected key, headers, value, data, got "vlaue"',
    ],
    [
      'value and data',
      '{"records":[{"value":1,"data":""}]}',
      'records[0]: expected either value or data, got both',
    ],
    [
      'neither value nor data',
      '{"records":[{"key":"a"}]}',
      'records[0]: expected either value or data, got none',
    ],
    ['a field twice', '{"records":[{"value":1,"value":2}]}', 'records[0]: expected value once'],
    [
      'a key that is no text',
      '{"records":[{"key":1,"value":1}]}',
      'records[0].key: expected a text',
    ],
    [
      'headers that are no texts',
      '{"records":[{"headers":{"a":1},"value":1}]}',
      'records[0].headers.a: expected a text',
    ],
    ['data that is no base64', '{"records":[{"data":"%"}]}', 'records[0].data: expected base64'],
    ['records that are no objects', '{"records":[1]}', 'records[0]: expected an object'],
  ]
  for (const [what, body, message] of refused) {
    test(`refuses ${what}`, async () => {
      const response = await post(await newStream(), body)
      expect(response.status).toBe(400)
      expect((await statusOf(response))['message']).toContain(message)
    })
  }

  test('takes as many records as the limit, and not one more', async () => {
    const stream = await newStream()
    const body = (records: number): string =>
      `{"records":[${Array.from({ length: records }, () => '{"value":1}').join(',')}]}`
    expect((await post(stream, body(RECORDS_PER_REQUEST_MAX))).status).toBe(200)
    const response = await post(stream, body(RECORDS_PER_REQUEST_MAX + 1))
    expect(response.status).toBe(400)
    expect((await statusOf(response))['message']).toContain(`at most ${RECORDS_PER_REQUEST_MAX}`)
  })

  test('refuses a body above the limit with 413 and a Status', async () => {
    const response = await post(await newStream(), ' '.repeat(RECORDS_BODY_BYTES_MAX + 1))
    expect(response.status).toBe(413)
    expect((await statusOf(response))['reason']).toBe('RequestEntityTooLarge')
  })

  test('takes what curl calls a form, and refuses other types with 415', async () => {
    const stream = await newStream()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await post(stream, { records: [{ value: 1 }] }, form)).status).toBe(200)
    const yaml = await post(stream, 'records: []', { 'content-type': 'application/yaml' })
    expect(yaml.status).toBe(415)
    expect((await statusOf(yaml))['reason']).toBe('UnsupportedMediaType')
  })
})

describe('reading records', () => {
  test('goes on from next, and finds nothing at the end', async () => {
    const stream = await newStream()
    await post(stream, { records: [1, 2, 3].map((value) => ({ value })) })
    const first = await read(stream, '?limit=2')
    expect(first.records.map(({ value }) => value)).toEqual([1, 2])
    const second = await read(stream, `?from=${first.next}`)
    expect(second.records.map(({ value }) => value)).toEqual([3])
    expect((await read(stream, `?from=${second.next}`)).records).toEqual([])
  })

  test('begins at earliest, latest, a sequence and a time', async () => {
    const stream = await newStream()
    await post(stream, { records: [{ value: 1 }, { value: 2 }] })
    expect((await read(stream, '?from=earliest')).records).toHaveLength(2)
    expect((await read(stream, '?from=latest')).records).toHaveLength(0)
    expect((await read(stream, '?from=2')).records.map(({ value }) => value)).toEqual([2])
    expect((await read(stream, '?from=2001-01-01T00:00:00Z')).records).toHaveLength(2)
    expect((await read(stream, '?from=2100-01-01T00:00:00%2B02:00')).records).toHaveLength(0)
  })

  test('waits for the next record when it is asked to', async () => {
    const stream = await newStream()
    const waiting = read(stream, '?from=latest&waitMs=20000')
    const written = waiting.then(({ records }) => records.map(({ value }) => value))
    let answer: unknown
    void written.then((values) => {
      answer = values
    })
    while (answer === undefined) {
      await post(stream, { records: [{ value: 7 }] })
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(answer).toContain(7)
  })

  test('answers 410 for a position of a stream that was made again', async () => {
    const stream = await newStream()
    const { next } = await read(stream)
    const [found] = server.engine.streams.describe([`default/${stream}`])
    await server.engine.streams.delete(`default/${stream}`, found?.incarnation ?? 0)
    await server.engine.streams.create(streamRecord(`default/${stream}`))
    const response = await fetch(urlOf(stream, `?from=${next}`))
    expect(response.status).toBe(410)
    expect((await statusOf(response))['reason']).toBe('Expired')
  })

  test('refuses a position of another shard', async () => {
    const stream = await newStream(2)
    const { next } = await read(stream, '?shard=0')
    const response = await fetch(urlOf(stream, `?shard=1&from=${next}`))
    expect(response.status).toBe(400)
  })

  for (const query of [
    'shard=1',
    'shard=a',
    'limit=0',
    'limit=10001',
    'waitMs=60001',
    'from=soon',
    'from=2026-02-31T00:00:00Z',
  ]) {
    test(`refuses ?${query} with 400`, async () => {
      const response = await fetch(urlOf(await newStream(), `?${query}`))
      expect(response.status).toBe(400)
      expect((await statusOf(response))['kind']).toBe('Status')
    })
  }

  test('answers other methods with 405 and says which there are', async () => {
    const response = await fetch(urlOf(await newStream()), { method: 'DELETE' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toContain('POST')
  })
})

describe('a record of a key', () => {
  test('is answered alone, as a read of all would give it', async () => {
    const stream = await newStream(3, 'key')
    await post(stream, {
      records: [
        { key: 'a b', value: 1 },
        { key: 'a b', headers: { h: 'v' }, value: 2 },
        { key: 'é', value: 3 },
      ],
    })
    const found = await (await fetch(urlOf(stream, '?key=a%20b'))).json()
    const { shard } = found as { readonly shard: number }
    expect((await read(stream, `?shard=${shard}`)).records).toContainEqual(found)
    expect(found).toMatchObject({ key: 'a b', headers: { h: 'v' }, value: 2 })
    const base64 = Buffer.from('é').toString('base64url')
    expect(await (await fetch(urlOf(stream, `?keyBase64=${base64}`))).json()).toMatchObject({
      value: 3,
    })
  })

  test('is 404 where there is none, and where it was removed', async () => {
    const stream = await newStream(1, 'key')
    await post(stream, { records: [{ key: 'a', value: 1 }] })
    await post(stream, { records: [{ key: 'a', data: '' }] })
    for (const key of ['a', 'b', '']) {
      const response = await fetch(urlOf(stream, `?key=${key}`))
      expect(response.status).toBe(404)
      expect(await statusOf(response)).toMatchObject({ kind: 'Status', reason: 'NotFound' })
    }
    expect((await fetch(urlOf('nowhere', '?key=a'))).status).toBe(404)
  })

  test('is 400 on a stream that keeps all, and beside a position', async () => {
    const response = await fetch(urlOf(await newStream(), '?key=a'))
    expect(response.status).toBe(400)
    expect((await statusOf(response))['message']).toContain('compaction: key')
    const stream = await newStream(1, 'key')
    for (const query of [
      'key=a&from=earliest',
      'key=a&keyBase64=YQ',
      'key=a&key=b',
      'keyBase64=*',
    ]) {
      expect((await fetch(urlOf(stream, `?${query}`))).status).toBe(400)
    }
  })

  test('is what a compacted stream takes no record without', async () => {
    const stream = await newStream(1, 'key')
    const response = await post(stream, { records: [{ key: 'a', value: 1 }, { value: 2 }] })
    expect(response.status).toBe(400)
    expect(await statusOf(response)).toMatchObject({ reason: 'KeyMissing' })
    expect((await read(stream)).records).toHaveLength(0)
  })
})
