/** A set that is refused restarts nothing, wherever its failure shows. */
import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { declarationOf } from '../../controllers/testing.ts'
import { type ConnectServer, openConnectServer } from './testing.ts'

const TICKS = '{input: {generate: {mapping: "root.a = 1", interval: 1h}}, output: {drop: {}}}'
const listening = (port: number): string =>
  `{input: {http_server: {address: "127.0.0.1:${port}"}}, output: {drop: {}}}`
const writing = (path: string): string =>
  `{input: {generate: {mapping: "root.b = 1", interval: 1h}}, output: {file: {path: ${path}}}}`

let server: ConnectServer
let other: Server
let taken: number
beforeEach(async () => {
  const declaration = declarationOf('connect', { type: 'api', location: 'api', atomic: true })
  const grants = { ...declaration.grants, listeners: ['127.0.0.1:*'], files: ['/'] }
  server = await openConnectServer({ posted: [{ ...declaration, grants }] })
  other = createServer()
  taken = await portOf(other)
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  other.close()
})

async function portOf(listener: Server): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function freePort(): Promise<number> {
  const listener = createServer()
  const port = await portOf(listener)
  await new Promise<void>((resolve) => listener.close(() => resolve()))
  return port
}

const set = (streams: Record<string, string>): string =>
  Object.entries(streams)
    .map(([id, config]) => `${id}: ${config}\n`)
    .join('')
const uptimes = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(
      JSON.parse((await server.call('GET', '/streams')).text) as Record<string, { uptime: number }>,
    ).map(([id, { uptime }]) => [id, uptime]),
  )

test.each([
  ['a replacement wants a port that is taken', () => ({ b: listening(taken) })],
  ['a new one wants a port that is taken', () => ({ d: listening(taken) })],
  ['a replacement wants a file that cannot be', () => ({ b: writing('/proc/nope') })],
  ['a new one wants a file that cannot be', () => ({ d: writing('/proc/nope') })],
  [
    'a new one runs a command that is not there',
    () => ({ d: '{input: {subprocess: {name: /no/such}}, output: {drop: {}}}' }),
  ],
])('where %s, nothing that runs is touched', async (_what, failing) => {
  await server.call('POST', '/streams', set({ a: TICKS, b: TICKS, c: TICKS }))
  const before = await uptimes()
  const next = { a: writing('/tmp/headgate-never.jsonl'), b: TICKS, ...failing() }
  const { status, text } = await server.call('POST', '/streams', set(next))
  expect(status).toBe(400)
  expect(text).toMatch(/^Error: failed to (update|create) stream: /)
  const after = await uptimes()
  expect(Object.keys(after)).toEqual(['a', 'b', 'c'])
  for (const id of ['a', 'b', 'c']) expect(after[id]).toBeGreaterThan(before[id] ?? 0)
})

test('a port moves from a stream that goes, or that lets go of it, to a new one', async () => {
  const port = await freePort()
  expect(await server.call('POST', '/streams', set({ z: listening(port) }))).toMatchObject({
    status: 200,
  })
  expect(await server.call('POST', '/streams', set({ a: listening(port) }))).toMatchObject({
    status: 200,
    text: '',
  })
  expect(
    await server.call('POST', '/streams', set({ a: TICKS, b: listening(port) })),
  ).toMatchObject({ status: 200, text: '' })
  expect(Object.keys(await uptimes())).toEqual(['a', 'b'])
})
