import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { boundaryOf, formMultipart, partMultipart } from '../http/multipart.ts'
import { type Received, runToEnd, type Told, toldServer } from '../testing.ts'
import { PARALLEL_REQUESTS_MAX } from './http.ts'

/** What comes out of two messages, `m1` and `m2`, in one batch. */
async function answered(
  fields: object,
  tell: (request: Received, index: number) => Told | undefined,
): Promise<{ received: readonly Received[]; lines: unknown[] }> {
  await using server = await toldServer(tell)
  const environment = testEnvironment()
  const http = { url: server.url, retry_period: '1ms', max_retry_backoff: '1ms', ...fields }
  const shown =
    'root.text = content().string()\nroot.status = metadata("http_status_code").or(null)\nroot.tag = metadata("x-tag").or(null)\nroot.own = metadata("own").or(null)\nroot.error = error()'
  await runToEnd(
    {
      input: {
        generate: {
          mapping: 'root = "m" + counter().string()\nmeta own = content().or(counter().string())',
          interval: '',
          count: 2,
          batch_size: 2,
        },
      },
      pipeline: {
        threads: 1,
        processors: [{ mapping: 'meta own = content().string()' }, { http }, { mapping: shown }],
      },
      output: { stdout: {} },
    },
    environment,
  )
  const lines = environment.stdout.text.trim().split('\n')
  return {
    received: server.received,
    lines: lines.filter((line) => line !== '').map((line) => JSON.parse(line)),
  }
}

test('each message goes out, and its answer takes its place', async () => {
  const { received, lines } = await answered(
    { extract_headers: { include_prefixes: ['x-'] } },
    ({ body }) => ({ status: 201, body: `got ${body}`, headers: { 'X-Tag': body } }),
  )
  expect(received.map(({ method, body }) => `${method} ${body}`)).toEqual(['POST m1', 'POST m2'])
  expect(lines).toEqual([
    { text: 'got m1', status: 201, tag: 'm1', own: 'm1', error: null },
    { text: 'got m2', status: 201, tag: 'm2', own: 'm2', error: null },
  ])
})

test('a message is the body of its request whatever the method, and an empty one is none', async () => {
  for (const verb of ['GET', 'HEAD', 'DELETE']) {
    const { received } = await answered({ verb, retries: 0 }, () => ({ status: 200 }))
    expect(received.map(({ method, body }) => [method, body])).toEqual([
      [verb, 'm1'],
      [verb, 'm2'],
    ])
  }
  await using server = await toldServer(() => ({ status: 200 }))
  await runToEnd(
    {
      input: { generate: { mapping: 'root = ""', interval: '', count: 1 } },
      pipeline: { processors: [{ http: { url: server.url, verb: 'GET' } }] },
      output: { drop: {} },
    },
    testEnvironment(),
  )
  expect(server.received[0]?.headers).not.toHaveProperty('content-length')
  expect(server.received[0]?.headers).not.toHaveProperty('transfer-encoding')
})

test('a redirect that is not to be followed is an answer with its status, headers and body', async () => {
  const moved = { status: 302, body: 'over there', headers: { location: '/new', 'X-Tag': 'moved' } }
  const fields = { follow_redirects: false, extract_headers: { include_prefixes: ['x-'] } }
  const { received, lines } = await answered(fields, () => moved)
  expect(received).toHaveLength(2)
  expect(lines[0]).toMatchObject({ text: 'over there', status: 302, tag: 'moved', error: null })
})

test('a message whose request failed goes on as it was, flagged, with the status', async () => {
  const { received, lines } = await answered({ retries: 1 }, ({ body }) =>
    body === 'm1' ? { status: 500, body: 'broken' } : { status: 200, body: 'fine' },
  )
  expect(received).toHaveLength(3)
  expect(lines).toMatchObject([
    { text: 'm1', status: 500, error: expect.stringContaining('answered 500: broken') },
    { text: 'fine', status: 200, error: null },
  ])
})

test('the status is a number: cached keeps no answer whose status skip_on names', async () => {
  await using server = await toldServer((_, index) => ({ status: index === 0 ? 203 : 200 }))
  const http = { url: server.url }
  const skip_on = '@http_status_code != 200'
  const cached = { cache: 'c', key: 'same', skip_on, processors: [{ http }] }
  await runToEnd(
    {
      input: { generate: { mapping: 'root = "x"', interval: '', count: 4 } },
      pipeline: { threads: 1, processors: [{ cached }] },
      output: { drop: {} },
      cache_resources: [{ label: 'c', memory: {} }],
    },
    testEnvironment(),
  )
  expect(server.received).toHaveLength(2)
})

test('requests of a batch run at once where they are told to, and answers keep their order', async () => {
  // The first is answered only after the second came.
  const held: ServerResponse[] = []
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    held.push(response)
    if (held.length === 2) for (const one of held.reverse()) one.end('done')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { lines } = await answered(
    { parallel: true, url: `http://127.0.0.1:${port}` },
    () => undefined,
  )
  expect(lines).toMatchObject([
    { text: 'done', own: 'm1' },
    { text: 'done', own: 'm2' },
  ])
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('so many requests of a batch run at once, and the next when one of them is answered', async () => {
  const count = PARALLEL_REQUESTS_MAX + 1
  const held: ServerResponse[] = []
  let come = 0
  let most = 0
  const server = createServer((request, response) => {
    request.resume()
    held.push(response)
    come += 1
    most = Math.max(most, held.length)
    // What is over the limit would have come by the time that all of these are there.
    if (come === PARALLEL_REQUESTS_MAX) setImmediate(() => held.pop()?.end())
    if (come === count) for (const one of held.splice(0)) one.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const generate = { mapping: 'root = "x"', interval: '', count, batch_size: count }
  const http = { url: `http://127.0.0.1:${port}`, parallel: true, timeout: '' }
  const environment = testEnvironment()
  const pipeline = await runToEnd(
    { input: { generate }, pipeline: { threads: 1, processors: [{ http }] }, output: { drop: {} } },
    environment,
  )
  expect([most, pipeline.state().counters.outputSent]).toEqual([PARALLEL_REQUESTS_MAX, count])
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('a batch is one request of several parts where it is told to, and so may its answer be', async () => {
  const random = { uuid: () => 'bound' }
  const { received, lines } = await answered({ batch_as_multipart: true }, ({ headers, body }) => {
    const parts = partMultipart(Buffer.from(body), boundaryOf(headers['content-type']) ?? '') ?? []
    const answers = parts.map((part) => ({ headers: {}, body: Buffer.from(`${part}!`) }))
    const form = formMultipart(answers, random)
    return {
      status: 200,
      body: Buffer.from(form.body).toString(),
      headers: { 'content-type': form.contentType },
    }
  })
  expect(received).toHaveLength(1)
  expect(lines).toMatchObject([
    { text: 'm1!', own: 'm1' },
    { text: 'm2!', own: 'm2' },
  ])
})

test('an answer that is malformed flags its message', async () => {
  const { lines } = await answered({}, () => ({
    status: 200,
    body: 'x',
    headers: { 'content-type': 'multipart/mixed; boundary=b' },
  }))
  expect(lines).toMatchObject([{ text: 'm1', error: expect.stringContaining('malformed') }, {}])
})
