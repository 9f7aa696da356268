import { get as httpGet, type IncomingMessage } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { TAPS_MAX } from '../../engine/pipelines/taps.ts'
import { type ConnectServer, openConnectServer } from '../connect/testing.ts'
import { TAP_FILTER_LENGTH_MAX, TAP_LIMIT_MAX } from './pipeline-taps.ts'
import { TAP_UNREAD_BYTES_MAX } from './tap-answer.ts'
import { TAP_CONTENT_BYTES_MAX } from './tap-line.ts'

vi.mock('../../engine/access/decide.ts', async (original) => ({
  ...(await original<object>()),
  decide: (_: unknown, right: string, target: { name: string }) =>
    target.name === 'secret' && right === 'Read'
      ? { allowed: false, reason: 'nobody may' }
      : { allowed: true, reason: '' },
}))

let server: ConnectServer
beforeAll(async () => {
  server = await openConnectServer()
})
afterAll(() => server[Symbol.asyncDispose]())
afterEach(async () => {
  for (const { id } of server.plane.connect.list()) await server.call('DELETE', `/streams/${id}`)
})

const JSON_TYPE = { 'content-type': 'application/json' }
/** Numbers without an end, each by itself. */
const NUMBERS = { generate: { interval: '', mapping: 'root.n = counter()' } }
const DOUBLE = { label: 'double', mapping: 'root.n = this.n * 2\nmeta source = "numbers"' }

async function run(spec: object = {}, name = 'numbers'): Promise<void> {
  const config = {
    input: NUMBERS,
    pipeline: { processors: [DOUBLE] },
    output: { label: 'out', drop: {} },
    ...spec,
  }
  const answer = await server.call('POST', `/streams/${name}`, JSON.stringify(config), JSON_TYPE)
  expect(answer.text).toBe('')
}

const tapPath = (query: string, name = 'numbers'): string =>
  `/apis/headgate.dev/v1alpha1/namespaces/default/pipelines/${name}/tap${query}`

type Line = Readonly<Record<string, unknown>>

async function tap(query: string): Promise<readonly Line[]> {
  const { status, type, text } = await server.call('GET', tapPath(`?${query}`))
  expect([status, type]).toEqual([200, 'application/x-ndjson'])
  return linesOf(text)
}

function linesOf(text: string): readonly Line[] {
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

async function refusal(query: string, name?: string): Promise<readonly [number, string]> {
  const { status, text } = await server.call('GET', tapPath(query, name))
  return [status, (JSON.parse(text) as { message: string }).message]
}

/** An answer whose body nobody reads yet. */
function opened(query: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpGet(`${server.url}${tapPath(`?${query}`)}`, resolve).on('error', reject)
  })
}

async function read(answer: IncomingMessage): Promise<readonly Line[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer) chunks.push(chunk as Uint8Array)
  return linesOf(Buffer.concat(chunks).toString())
}

function received(): number {
  const [stream] = server.plane.connect.list()
  const series = server.plane.connect.series(stream?.id ?? '')
  const found = series.find(({ name }) => name === 'input_received')
  return found?.kind === 'counter' ? found.value : 0
}

describe('a tap', () => {
  test('answers a line for each record, before and after, and ends at its limit', async () => {
    await run()
    const lines = await tap('at=double&limit=2')
    expect(lines.map(({ type, side }) => [type, side])).toEqual([
      ['record', 'before'],
      ['record', 'after'],
      ['record', 'before'],
      ['record', 'after'],
      ['end', undefined],
    ])
    const [before, after] = lines
    const { n } = (before?.['value'] ?? { n: 0 }) as { n: number }
    expect(before).toMatchObject({
      number: 1,
      index: 0,
      path: 'root.pipeline.processors.0',
      label: 'double',
      role: 'processor',
      component: 'mapping',
    })
    expect(after).toMatchObject({ number: 1, value: { n: n * 2 }, metadata: { source: 'numbers' } })
    expect(Date.parse(String(after?.['time']))).toBeGreaterThan(0)
    expect(lines.at(-1)).toEqual({
      type: 'end',
      reason: 'limit',
      message: 'The limit is reached.',
      shown: 4,
      dropped: 0,
    })
  })

  test('shows one side, a share, and what a filter wants', async () => {
    await run()
    const before = await tap('at=double&side=before&limit=3&sample=0.01')
    const numbers = before.slice(0, -1).map(({ number }) => Number(number))
    expect(numbers).toHaveLength(3)
    expect(Number(numbers[2])).toBeGreaterThan(3)
    const filter = encodeURIComponent('this.n % 10 == 0')
    const after = await tap(`at=double&side=after&limit=5&filter=${filter}`)
    const values = after.slice(0, -1).map(({ value }) => (value as { n: number }).n)
    expect(values.map((n) => n % 10)).toEqual([0, 0, 0, 0, 0])
  })

  test('shows text as text, bytes as base64, and what failed with the reason', async () => {
    const mappings = [
      { label: 'text', mapping: 'root = "a \\"line\\"\\nand more"' },
      { label: 'bytes', mapping: 'root = "//4=".decode("base64")' },
      { label: 'json', mapping: 'root = "{\\"a\\":\\n 1.0}"' },
      { label: 'fails', mapping: 'root = throw("it is late")' },
    ]
    await run({ pipeline: { processors: mappings } })
    const one = async (at: string): Promise<Line | undefined> =>
      (await tap(`at=${at}&side=after&limit=1`))[0]
    expect(await one('text')).toMatchObject({ text: 'a "line"\nand more' })
    expect(await one('bytes')).toMatchObject({ data: '//4=' })
    expect(await one('json')).toMatchObject({ value: { a: 1 } })
    expect(await one('fails')).toMatchObject({
      failure: {
        text: expect.stringContaining('it is late'),
        path: 'root.pipeline.processors.3',
        label: 'fails',
      },
    })
  })

  test('says of a record that nothing came of it', async () => {
    await run({ pipeline: { processors: [{ label: 'none', mapping: 'root = deleted()' }] } })
    const [, after] = await tap('at=none&limit=1')
    expect(after).toMatchObject({ side: 'after', number: 1, gone: true })
  })

  test('shows the beginning of what is too large, up to a whole character', async () => {
    const text = (length: number): object => ({
      label: `l${length}`,
      mapping: `root = "é".repeat(${length / 2})`,
    })
    const [fits, large] = [TAP_CONTENT_BYTES_MAX, TAP_CONTENT_BYTES_MAX + 2]
    const odd = { label: 'odd', mapping: `root = "x" + "é".repeat(${TAP_CONTENT_BYTES_MAX / 2})` }
    await run({ pipeline: { processors: [text(fits), text(large), odd] } })
    const one = async (at: string): Promise<Line> =>
      (await tap(`at=${at}&side=after&limit=1`))[0] ?? {}
    expect(await one(`l${fits}`)).not.toHaveProperty('cut')
    expect((await one(`l${large}`))['cut']).toBe(large)
    expect(Buffer.byteLength(String((await one(`l${large}`))['text']))).toBe(fits)
    const cut = await one('odd')
    expect([cut['cut'], Buffer.byteLength(String(cut['text']))]).toEqual([fits + 1, fits - 1])
  })

  test('goes on after a restart, and says that there was one', async () => {
    await run()
    const answer = await opened('at=double&side=before&sample=0.0001&limit=10000')
    const reading = read(answer)
    await server.plane.runs.restart({ kind: 'Pipeline', namespace: 'default', name: 'numbers' })
    await server.call('DELETE', '/streams/numbers')
    const lines = await reading
    expect(lines.filter(({ type }) => type === 'restarted')).toHaveLength(1)
    expect(lines.at(-1)).toMatchObject({ type: 'end', reason: 'removed' })
  })

  test('ends where the component is no longer there', async () => {
    await run()
    const reading = read(await opened('at=double&sample=0.0001&limit=10000'))
    const config = { input: NUMBERS, output: { drop: {} } }
    await server.call('PUT', '/streams/numbers', JSON.stringify(config), JSON_TYPE)
    expect((await reading).at(-1)).toMatchObject({
      reason: 'changed',
      message: expect.stringContaining('got "double"'),
    })
  })

  test('ends when the pipeline does', async () => {
    const count = 3
    const processors = [{ label: 'slow', sleep: { duration: '100ms' } }]
    await run({
      input: { generate: { interval: '', count, mapping: 'root = "x"' } },
      pipeline: { processors, threads: 1 },
    })
    const lines = await tap('at=slow&limit=100')
    expect(lines.at(-1)).toMatchObject({ type: 'end', reason: 'completed' })
  })

  test('ends when the pipeline is paused, and with the server', async () => {
    await run()
    const paused = read(await opened('at=double&sample=0.0001&limit=10000'))
    const identity = { kind: 'Pipeline', namespace: 'default', name: 'numbers' } as const
    await server.plane.runs.pause(identity, true)
    expect((await paused).at(-1)).toMatchObject({ type: 'end', reason: 'paused' })
    await server.plane.runs.pause(identity, false)
    const closed = read(await opened('at=double&sample=0.0001&limit=10000'))
    await server[Symbol.asyncDispose]()
    expect((await closed).at(-1)).toMatchObject({ type: 'end', reason: 'closing' })
    server = await openConnectServer()
  })

  test('drops what a slow reader has no room for, tells how many, and holds nothing up', async () => {
    await run({
      pipeline: { processors: [{ label: 'large', mapping: 'root = "x".repeat(20000)' }] },
    })
    const answer = await opened(`at=large&side=after&limit=${TAP_LIMIT_MAX}`)
    while (received() < 3 * TAP_LIMIT_MAX) await turn()
    const lines = await read(answer)
    const end = lines.at(-1) as { shown: number; dropped: number; reason: string }
    expect(end.reason).toBe('limit')
    expect(end.dropped).toBeGreaterThan(0)
    expect(end.shown + end.dropped).toBe(TAP_LIMIT_MAX)
    // What the server holds for it, and what is on the way.
    expect(end.shown * 20_000).toBeLessThan(2 * TAP_UNREAD_BYTES_MAX + 16 * 1024 * 1024)
    const told = lines
      .filter(({ type }) => type === 'dropped')
      .map(({ records }) => Number(records))
    expect(told.reduce((sum, records) => sum + records, 0)).toBe(end.dropped)
  })

  test('leaves its place to others when its reader goes away', async () => {
    await run()
    const answers = await Promise.all(
      Array.from({ length: TAPS_MAX }, () => opened('at=double&sample=0.000001&limit=10000')),
    )
    expect(await refusal('?at=double')).toEqual([
      429,
      expect.stringContaining(`at most ${TAPS_MAX} taps`),
    ])
    for (const answer of answers) answer.destroy()
    while ((await server.call('GET', tapPath('?at=double&limit=1'))).status !== 200) await turn()
  })
})

describe('places', () => {
  test('are listed in the order of the config', async () => {
    await run()
    const { text } = await server.call('GET', tapPath('/places'))
    expect((JSON.parse(text) as { places: unknown }).places).toEqual([
      { role: 'input', component: 'generate', label: '', path: 'root.input' },
      {
        role: 'processor',
        component: 'mapping',
        label: 'double',
        path: 'root.pipeline.processors.0',
      },
      { role: 'output', component: 'drop', label: 'out', path: 'root.output' },
    ])
  })
})

describe('what is refused', () => {
  test.each([
    ['', 'at: expected the label or path of a component, got none'],
    ['?at=double&at=out', 'at: expected it once'],
    ['?at=double&side=left', 'side: expected before, after, both, got "left"'],
    ['?at=double&sample=0', 'sample: expected a number above 0 and up to 1, got "0"'],
    ['?at=double&sample=1.1', 'sample: expected a number above 0 and up to 1, got "1.1"'],
    ['?at=double&limit=0', `limit: expected a whole number from 1 to ${TAP_LIMIT_MAX}, got "0"`],
    [
      `?at=double&limit=${TAP_LIMIT_MAX + 1}`,
      `limit: expected a whole number from 1 to ${TAP_LIMIT_MAX}, got "${TAP_LIMIT_MAX + 1}"`,
    ],
    ['?at=double&lmit=3', 'lmit: expected at, side, sample, limit, filter, got "lmit"'],
    ['?at=input&side=before', 'expected the side after at the input root.input, got before'],
    ['?at=double&filter=this.', 'line 1'],
  ])('is %s', async (query, message) => {
    await run()
    const [status, said] = await refusal(query)
    expect(status).toBe(400)
    expect(said).toContain(message)
  })

  test('is a filter above its limit', async () => {
    await run()
    const filter = `true${' '.repeat(TAP_FILTER_LENGTH_MAX - 4)}`
    const path = (text: string): string => `?at=double&limit=1&filter=${text.replaceAll(' ', '+')}`
    expect((await server.call('GET', tapPath(path(filter)))).status).toBe(200)
    expect(await refusal(path(`${filter} `))).toEqual([
      400,
      `filter: expected at most 4096 characters, got 4097`,
    ])
  })

  test('is a label that is not there, with the nearest', async () => {
    await run()
    expect(await refusal('?at=doubel')).toEqual([
      404,
      expect.stringContaining('Did you mean "double"? There are input, double, out.'),
    ])
  })

  test('is a pipeline that is not there, or is paused', async () => {
    expect((await refusal('?at=double', 'none'))[1]).toMatch(
      /^There is no Pipeline default\/none\./,
    )
    await run()
    expect(await refusal('?at=double', 'numebrs')).toEqual([
      404,
      'There is no Pipeline default/numebrs.\nDid you mean numbers?',
    ])
    const identity = { kind: 'Pipeline', namespace: 'default', name: 'numbers' } as const
    await server.plane.runs.pause(identity, true)
    expect(await refusal('?at=double')).toEqual([409, 'Pipeline default/numbers is paused.'])
  })

  test('is the id of a stream whose name is another one, which is told', async () => {
    await run({}, 'My_Numbers')
    expect((await refusal('?at=double', 'My_Numbers'))[1]).toMatch(/Did you mean my-numbers-\w+\?$/)
  })

  test('is who may not read', async () => {
    expect((await refusal('?at=double', 'secret'))[0]).toBe(403)
    expect((await refusal('/places', 'secret'))[0]).toBe(403)
  })
})
