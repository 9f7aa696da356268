/** Edges of writes of one stream: where a PATCH went wrong, conditions with several tags, ids, what outlives a restart. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ConnectServer, openConnectServer } from './testing.ts'

const TICKS = 'input: {generate: {mapping: "root.a = 1", interval: 1h}}\noutput: {drop: {}}\n'
const COUNTED =
  'input: {generate: {mapping: "root.a = 1", interval: "", count: 3}}\noutput: {drop: {}}\n'

let server: ConnectServer
beforeEach(async () => {
  server = await openConnectServer()
  await server.call('POST', '/streams/a', TICKS)
})
afterEach(() => server[Symbol.asyncDispose]())

const call: ConnectServer['call'] = (...given) => server.call(...given)
const tag = async (): Promise<string> => (await call('GET', '/streams')).headers.get('etag') ?? ''
const uptimeOf = async (from: ConnectServer, id: string): Promise<number> =>
  JSON.parse((await from.call('GET', `/streams/${id}`)).text).uptime

test.each([
  ['output: {stdout: {}}', 'line 1 column 10: expected one output, got drop and stdout'],
  ['\ninput:\n  generate:\n    interval: 3x\n', 'line 4 column 15: expected a duration'],
  ['\n\npipeline:\n  threads: abc', 'line 4 column 12: expected a whole number'],
  ['output: [1]', 'line 1 column 9: expected an output'],
])('the PATCH %j is told where it stands in the patch', async (patch, text) => {
  const answer = await call('PATCH', '/streams/a', patch)
  expect(answer).toMatchObject({ status: 400, text: expect.stringContaining(`Error: ${text}`) })
})

describe('`If-Match`', () => {
  test('takes a list, weak tags among them, of which one has to be the tag of now', async () => {
    const now = await tag()
    const patch = (match: string): ReturnType<typeof call> =>
      call('PATCH', '/streams/a', '{}', { 'if-match': match })
    expect(await patch(`"other", ${now}`)).toMatchObject({ status: 200 })
    expect(await patch(`W/${await tag()},"other"`)).toMatchObject({ status: 200 })
    expect(await patch('*')).toMatchObject({ status: 200 })
    expect(await patch('"other", "another"')).toMatchObject({
      status: 412,
      text: expect.stringContaining('expected other or another, got '),
    })
  })
})

test('an id that differs from another one in its case only is refused, alone and in a set', async () => {
  const refusal = { status: 400, text: expect.stringMatching(/id of its own in any letter case/) }
  expect(await call('POST', '/streams/A', TICKS)).toMatchObject(refusal)
  const both = `a: {output: {drop: {}}}\nA: {output: {drop: {}}}\n`
  expect(await call('POST', '/streams', both)).toMatchObject(refusal)
  expect(Object.keys(JSON.parse((await call('GET', '/streams')).text))).toEqual(['a'])
})

test('a PUT of what is there already leaves it running', async () => {
  const before = await uptimeOf(server, 'a')
  expect(await call('PUT', '/streams/a', TICKS)).toMatchObject({ status: 200, text: '' })
  expect(await uptimeOf(server, 'a')).toBeGreaterThan(before)
})

test('the uptime of what has ended outlives the process', async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-connect-'))
  try {
    const first = await openConnectServer({ dataDirectory })
    await first.call('POST', '/streams/b', COUNTED)
    await expect
      .poll(async () => JSON.parse((await first.call('GET', '/streams/b')).text).active)
      .toBe(false)
    const uptime = await uptimeOf(first, 'b')
    expect(uptime).toBeGreaterThan(0)
    await first[Symbol.asyncDispose]()
    await using again = await openConnectServer({ dataDirectory })
    await again.plane.sources.firstConvergence()
    expect(await uptimeOf(again, 'b')).toBe(uptime)
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
})

/** What a server answers to bytes that are no request that a client would make. */
function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.url)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const socket = connect(Number(port), hostname, () => socket.write(bytes))
  socket.setEncoding('utf8')
  socket.on('data', (piece) => {
    text += piece
  })
  socket.on('close', () => resolve(text))
  socket.on('error', reject)
  return promise
}

test.each([
  ['what is no request', 'NONSENSE\r\n\r\n', '400 Bad Request'],
  [
    'a head that is too long',
    `GET /streams HTTP/1.1\r\nhost: a\r\nx-big: ${'a'.repeat(70_000)}\r\n\r\n`,
    '431 Request Header Fields Too Large',
  ],
])('%s is answered in plain text', async (_what, bytes, text) => {
  const answer = await raw(bytes)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${text}\r\n`))
  expect(answer).toContain('content-type: text/plain; charset=utf-8\r\n')
  expect(answer.endsWith(`\r\n\r\n${text}`)).toBe(true)
})
