/** A stream that does not stop holds up its own writes and those of the set, and nobody else. */
import { request } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ConnectServer, openConnectServer } from './testing.ts'

const TICKS = 'input: {generate: {mapping: "root.a = 1", interval: 1h}}\noutput: {drop: {}}\n'
const STUCK = `${TICKS}pipeline: {processors: [{sleep: {duration: 1h}}]}\n`

let server: ConnectServer
beforeEach(async () => {
  server = await openConnectServer({ stopDeadlineMs: 600_000 })
  await server.call('POST', '/streams/stuck', STUCK)
  await expect
    .poll(async () => (await server.call('GET', '/streams/stuck/stats')).text)
    .toContain('"input_received{label=\\"\\",path=\\"root.input\\",stream=\\"stuck\\"}":1')
})
afterEach(() => server[Symbol.asyncDispose]())

const call: ConnectServer['call'] = (...given) => server.call(...given)
const ids = async (): Promise<readonly string[]> =>
  Object.keys(JSON.parse((await call('GET', '/streams')).text))

/** A call that its client gives up. */
function begin(method: string, path: string, body = ''): { readonly giveUp: () => void } {
  const sent = request(server.url + path, { method })
  sent.on('error', () => {})
  sent.end(body)
  return { giveUp: () => sent.destroy() }
}

const stops = async (): Promise<void> => {
  await expect
    .poll(async () => JSON.parse((await call('GET', '/streams/stuck')).text).active)
    .toBe(false)
}

test.each([
  ['is deleted', 'DELETE', ''],
  ['is replaced', 'PUT', TICKS],
])('while it %s, other streams are written, read and planned', async (_what, method, body) => {
  const waiting = begin(method, '/streams/stuck', body)
  await stops()
  expect(await call('POST', '/streams/b', TICKS)).toMatchObject({ status: 200 })
  expect(await call('PUT', '/streams/b', TICKS.replace('root.a', 'root.b'))).toMatchObject({
    status: 200,
  })
  expect(await call('DELETE', '/streams/b')).toMatchObject({ status: 200 })
  expect(await call('POST', '/streams?dryRun=true', '')).toMatchObject({ status: 200 })
  expect(await call('DELETE', '/streams/stuck?dryRun=true')).toMatchObject({ status: 200 })
  expect(await call('POST', '/resources/cache/c', 'memory: {}')).toMatchObject({ status: 200 })
  expect(await call('GET', '/ready')).toMatchObject({ status: 200 })
  expect(await ids()).toEqual(['stuck'])
  waiting.giveUp()
  if (method === 'DELETE') await expect.poll(ids).toEqual([])
  else
    await expect
      .poll(async () => JSON.parse((await call('GET', '/streams/stuck')).text).active)
      .toBe(true)
})

test('whoever deletes it and goes stops it by force, and it is gone', async () => {
  const waiting = begin('DELETE', '/streams/stuck')
  await stops()
  waiting.giveUp()
  await expect.poll(ids).toEqual([])
})

test('whoever posts a set without it and goes stops it by force, and the set is in force', async () => {
  const waiting = begin('POST', '/streams', 'b: {input: {generate: {mapping: root = 1}}}\n')
  await stops()
  waiting.giveUp()
  await expect.poll(ids).toEqual(['b'])
})

test('what cannot replace it leaves it running', async () => {
  const { uptime } = JSON.parse((await call('GET', '/streams/stuck')).text)
  const broken = 'input: {generate: {mapping: root = 1}}\noutput: {file: {path: /proc/nope}}\n'
  expect((await call('PUT', '/streams/stuck', broken)).status).toBeGreaterThanOrEqual(400)
  const state = JSON.parse((await call('GET', '/streams/stuck')).text)
  expect(state.active).toBe(true)
  expect(state.uptime).toBeGreaterThan(uptime)
  await call('DELETE', '/streams/stuck?timeout=10ms')
})
