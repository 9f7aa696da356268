import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ConnectServer, openConnectServer } from './testing.ts'

const TICKS = 'input: {generate: {mapping: "root.a = 1", interval: 1h}}\noutput: {drop: {}}\n'
const COUNTED =
  'input: {generate: {mapping: "root.a = 1", interval: "", count: 3}}\noutput: {drop: {}}\n'

let server: ConnectServer
beforeEach(async () => {
  server = await openConnectServer()
})
afterEach(() => server[Symbol.asyncDispose]())

const call: ConnectServer['call'] = (...given) => server.call(...given)
const states = async (): Promise<Record<string, { active: boolean; uptime: number }>> =>
  JSON.parse((await call('GET', '/streams')).text)
const ids = async (): Promise<readonly string[]> => Object.keys(await states())
const configOf = async (id: string): Promise<unknown> =>
  JSON.parse((await call('GET', `/streams/${id}`)).text).config
const generationOf = (name: string): number | undefined =>
  server.plane.resources.get('Pipeline', 'default', name)?.metadata.generation
const set = (streams: Record<string, string>): string =>
  Object.entries(streams)
    .map(([id, config]) => `${id}:\n${config.replace(/^(?=.)/gm, '  ')}`)
    .join('')

describe('the set of all streams', () => {
  test('is exclusive: what is not in it goes, what is unchanged is not touched', async () => {
    await call('POST', '/streams', set({ a: TICKS, b: TICKS, c: TICKS }))
    const before = server.plane.resources.get('Pipeline', 'default', 'a')
    const uptime = (await states())['a']?.uptime ?? 0
    expect(await call('POST', '/streams', set({ a: TICKS, b: COUNTED, d: TICKS }))).toMatchObject({
      status: 200,
      text: '',
    })
    expect(await ids()).toEqual(['a', 'b', 'd'])
    const after = server.plane.resources.get('Pipeline', 'default', 'a')
    expect(after?.metadata.uid).toBe(before?.metadata.uid)
    expect(after?.metadata.generation).toBe(1)
    expect(generationOf('b')).toBe(2)
    expect((await states())['a']?.uptime).toBeGreaterThan(uptime)
  })

  test('that is empty removes every stream, however many there are', async () => {
    const many = Array.from({ length: 20 }, (_, index) => [`s${index}`, TICKS])
    await call('POST', '/streams', set(Object.fromEntries(many)))
    expect(await ids()).toHaveLength(20)
    expect(await call('POST', '/streams', '')).toMatchObject({ status: 200 })
    expect(await ids()).toEqual([])
  })

  test('with a lint changes nothing, and tells each with its stream and its place in the body', async () => {
    await call('POST', '/streams', set({ a: TICKS }))
    const { status, text } = await call('POST', '/streams', set({ b: 'nope: 1\n', c: 'nope: 1\n' }))
    expect(status).toBe(400)
    expect(JSON.parse(text).lint_errors.sort()).toEqual([
      "stream 'b': (2,3) field nope not recognised",
      "stream 'c': (4,3) field nope not recognised",
    ])
    expect(await ids()).toEqual(['a'])
    expect(await call('POST', '/streams?chilled=true', set({ b: 'nope: 1\n' }))).toMatchObject({
      status: 200,
    })
    expect(await ids()).toEqual(['b'])
  })

  test('of which one cannot start changes nothing, and says which it was', async () => {
    await call('POST', '/streams', set({ a: TICKS, gone: TICKS }))
    const { uptime = 0 } = (await states())['gone'] ?? {}
    const missing = 'input: {file: {paths: [/nowhere/at/all]}}\noutput: {file: {path: /proc/nope}}'
    const { status, text } = await call('POST', '/streams', set({ a: COUNTED, b: `${missing}\n` }))
    expect(status).toBe(400)
    expect(text).toMatch(/^Error: failed to create stream: /)
    expect(await ids()).toEqual(['a', 'gone'])
    expect((await states())['gone']?.uptime).toBeGreaterThan(uptime)
    expect(await configOf('a')).toMatchObject({ input: { generate: { interval: '1h' } } })
  })

  test('says of each failure whether the stream was to be made or changed', async () => {
    await call('POST', '/streams', set({ a: TICKS }))
    const lost = 'input: {generate: {mapping: root = 1}}\noutput: {resource: nobody}\n'
    const { status, text } = await call('POST', '/streams', set({ a: lost, b: lost }))
    expect(status).toBe(400)
    expect(text).toMatch(
      /^Error: failed to update stream: [^\n]*nobody[^\n]*\nfailed to create stream: [^\n]*\n$/,
    )
    const missing = 'input: {file: {paths: [/nowhere]}}\noutput: {file: {path: /proc/nope}}\n'
    expect((await call('POST', '/streams', set({ a: missing }))).text).toMatch(
      /^(Error: )?failed to update stream: [^\n]*\n$/,
    )
  })

  test('is no mapping of mappings: nothing changes', async () => {
    for (const body of ['- a', 'a: text', 'a: [1]'])
      expect(await call('POST', '/streams', body)).toMatchObject({
        status: 400,
        text: expect.stringMatching(/^Error: line 1 column \d+: expected a/),
      })
  })
})

describe('calls at once', () => {
  test('lose nothing of each other', async () => {
    const all = Array.from({ length: 12 }, (_, index) => `s${String(index).padStart(2, '0')}`)
    const made = await Promise.all(all.map((id) => call('POST', `/streams/${id}`, TICKS)))
    expect(made.map(({ status }) => status)).toEqual(all.map(() => 200))
    expect(await ids()).toEqual(all)
    const twice = await Promise.all([1, 2, 3].map(() => call('POST', '/streams/twice', TICKS)))
    expect(twice.map(({ status }) => status).sort()).toEqual([200, 400, 400])
  })

  test('are made one after the other, and each is all or nothing', async () => {
    const calls = Array.from({ length: 10 }, (_, index) => [
      call('POST', `/streams/single-${index}`, TICKS),
      call('POST', '/streams', set({ [`set-${index}`]: TICKS, [`also-${index}`]: TICKS })),
      call('DELETE', `/streams/single-${index}`),
    ]).flat()
    for (const { status } of await Promise.all(calls)) expect([200, 400, 404]).toContain(status)
    const left = await ids()
    const sets = left.filter((id) => id.startsWith('set-'))
    expect(sets).toEqual(['set-9'])
    expect(left).toContain('also-9')
    for (const { active } of Object.values(await states())) expect(active).toBe(true)
  })
})
