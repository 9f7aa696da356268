import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { declarationOf, declare, FakeSource, setOf } from '../../controllers/testing.ts'
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

describe('one stream', () => {
  test('is created with an empty 200, YAML and JSON, whatever the content type says', async () => {
    const json = JSON.stringify({ input: { generate: { mapping: 'root = 1' } } })
    const yaml = await call('POST', '/streams/a', TICKS, { 'content-type': 'text/nonsense' })
    expect(yaml).toMatchObject({ status: 200, text: '', type: null })
    expect(yaml.headers.get('location') ?? yaml.headers.get('etag')).toBeNull()
    expect(await call('POST', '/streams/b', `${json}`)).toMatchObject({ status: 200, text: '' })
    expect(await ids()).toEqual(['a', 'b'])
    const { active, uptime, uptime_str, config } = JSON.parse(
      (await call('GET', '/streams/a')).text,
    )
    expect({ active, config }).toEqual({
      active: true,
      config: {
        input: { generate: { mapping: 'root.a = 1', interval: '1h' } },
        output: { drop: {} },
      },
    })
    expect(uptime).toBeGreaterThan(0)
    expect(uptime_str).toMatch(/^[0-9.]+(ms|s)$/)
  })

  test('gets stdin and stdout where it leaves out an end, and shows none of it', async () => {
    expect(await call('POST', '/streams/a', '')).toMatchObject({ status: 200 })
    expect(await configOf('a')).toEqual({})
    expect(server.plane.resources.get('Pipeline', 'default', 'a')?.spec).toMatchObject({
      input: { stdin: {} },
      output: { stdout: {} },
    })
  })

  test('exists once: the second POST is a 400, and its body is looked at first', async () => {
    await call('POST', '/streams/a', TICKS)
    expect(await call('POST', '/streams/a', TICKS)).toEqual(
      expect.objectContaining({
        status: 400,
        text: 'Stream already exists\n',
        type: 'text/plain; charset=utf-8',
      }),
    )
    expect((await call('POST', '/streams/a', 'nope: 1')).text).toBe(
      '{"lint_errors":["(1,1) field nope not recognised"]}',
    )
  })

  test('that is unknown is a 404, but for a PUT whose body is wrong', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const)
      expect(await call(method, '/streams/a', method === 'GET' ? undefined : '{}')).toMatchObject({
        status: 404,
        text: 'Stream not found\n',
      })
    expect(await call('PUT', '/streams/a', 'nope: 1')).toMatchObject({ status: 400 })
    expect(await call('PATCH', '/streams/a', '[')).toMatchObject({ status: 404 })
  })

  test('is replaced in whole by a PUT, and merged by a PATCH, lists in whole', async () => {
    await call('POST', '/streams/a', `${TICKS}pipeline: {processors: [{noop: {}}, {noop: {}}]}\n`)
    await call(
      'PATCH',
      '/streams/a',
      'input: {generate: {interval: 2h}}\npipeline: {processors: []}',
    )
    expect(await configOf('a')).toEqual({
      input: { generate: { mapping: 'root.a = 1', interval: '2h' } },
      output: { drop: {} },
      pipeline: { processors: [] },
    })
    await call('PUT', '/streams/a', COUNTED)
    expect(await configOf('a')).not.toHaveProperty('pipeline')
  })

  test('keeps running when a PATCH would give it two inputs, or a PUT cannot be built', async () => {
    await call('POST', '/streams/a', TICKS)
    const two = await call('PATCH', '/streams/a', 'input: {stdin: {}}')
    expect(two.status).toBe(400)
    expect(two.text).toMatch(/^Error: .*expected one input, got generate and stdin/)
    const unbuilt = await call(
      'PUT',
      '/streams/a',
      'input: {generate: {mapping: "root = 1"}}\npipeline: {processors: [{rate_limit: {resource: nobody}}]}',
    )
    expect(unbuilt.status).toBe(502)
    expect(unbuilt.text).toMatch(/^Error: .*"nobody"/)
    expect((await states())['a']?.active).toBe(true)
    expect(generationOf('a')).toBe(1)
  })

  test('that cannot be carried out says what to do about it', async () => {
    await call('POST', '/streams/a', 'output: {drop: {}}')
    const { status, text } = await call('POST', '/streams/b', 'output: {drop: {}}')
    expect(status).toBe(502)
    expect(text).toMatch(/^Error: [^\n]*stdin[^\n]*: [A-Z][^\n]+\n$/)
  })

  test('goes with a DELETE, with what it answered', async () => {
    await call('POST', '/streams/a', 'input: {http_server: {}}\noutput: {drop: {}}')
    expect(await call('POST', '/a/post', 'hello')).toMatchObject({ status: 200 })
    expect(await call('DELETE', '/streams/a?timeout=1s')).toMatchObject({ status: 200, text: '' })
    expect(await call('GET', '/streams/a')).toMatchObject({ status: 404 })
    expect(await call('POST', '/a/post', 'hello')).toMatchObject({ status: 503 })
    expect(await call('GET', '/a/ready')).toMatchObject({ status: 404 })
  })

  test('that has ended is listed inactive, with an uptime that stands still', async () => {
    await call('POST', '/streams/a', COUNTED)
    await expect.poll(async () => (await states())['a']?.active).toBe(false)
    expect((await states())['a']?.uptime).toBe((await states())['a']?.uptime)
    expect(await call('GET', '/a/ready')).toMatchObject({ status: 503 })
    expect((await call('GET', '/a/ready')).text).toContain('"error":"stream terminated"')
    expect(await call('GET', '/ready')).toMatchObject({ status: 200, text: 'OK' })
    await call('PUT', '/streams/a', COUNTED)
    const stats = async (): Promise<Record<string, unknown>> =>
      JSON.parse((await call('GET', '/streams/a/stats')).text)
    await expect
      .poll(async () => (await stats())['input_received{label="",path="root.input",stream="a"}'])
      .toBe(3)
    expect(await call('DELETE', '/streams/a')).toMatchObject({ status: 200 })
  })

  test('stops within the timeout that a DELETE gives, though its output hangs', async () => {
    const hangs = 'pipeline: {processors: [{sleep: {duration: 1h}}]}\n'
    await call('POST', '/streams/a', TICKS + hangs)
    await expect.poll(async () => (await states())['a']?.active).toBe(true)
    const startMs = performance.now()
    await call('DELETE', '/streams/a?timeout=nonsense&timeout=1', undefined)
    expect(await call('POST', '/streams/a', TICKS + hangs)).toMatchObject({ status: 200 })
    await call('DELETE', '/streams/a?timeout=50ms')
    expect(performance.now() - startMs).toBeLessThan(10_000)
    expect(await ids()).toEqual([])
  })

  test('shows no secret', async () => {
    const output =
      'output: {http_client: {url: "http://u:hunter2@127.0.0.1:1/", headers: {Authorization: hunter2}}}'
    await call('POST', '/streams/a', `input: {generate: {mapping: "root = 1"}}\n${output}`)
    const { text } = await call('GET', '/streams/a')
    expect(text).toContain('***')
    expect(text).not.toContain('hunter2')
  })

  test.each([
    ['Foo_Bar', 'foo-bar-'],
    ['ä', 'stream-'],
  ])('may have any id: %s', async (id, name) => {
    expect(await call('POST', `/streams/${encodeURIComponent(id)}`, TICKS)).toMatchObject({
      status: 200,
    })
    expect(await ids()).toEqual([id])
    expect(server.plane.resources.list('Pipeline', 'default')[0]?.metadata.name).toContain(name)
    expect(await call('GET', `/streams/${encodeURIComponent(id)}`)).toMatchObject({ status: 200 })
  })
})

describe('a verb that a path does not know', () => {
  test.each([
    ['PUT', '/streams', 'method not supported'],
    ['DELETE', '/streams', 'method not supported'],
    ['PATCH', '/benthos/streams', 'method not supported'],
    ['OPTIONS', '/streams/a', 'verb not supported: OPTIONS'],
    ['POST', '/streams/a/stats', 'verb not supported: POST'],
    ['GET', '/resources/cache/a', 'verb not supported: GET'],
    ['PROPFIND', '/streams/a', 'verb not supported: PROPFIND'],
    ['SEARCH', '/streams', 'method not supported'],
  ])('%s %s is a 400', async (method, path, message) => {
    expect(await call(method, path)).toMatchObject({ status: 400, text: `Error: ${message}\n` })
  })

  test('is QUERY too, without a body and a type', async () => {
    expect(await call('QUERY', '/streams/a', undefined, {})).toMatchObject({
      status: 400,
      text: 'Error: verb not supported: QUERY\n',
    })
  })

  test('is HEAD too', async () => {
    expect(await call('HEAD', '/streams')).toMatchObject({ status: 400 })
    expect(await call('HEAD', '/streams/a')).toMatchObject({ status: 400 })
  })
})

describe('the linter', () => {
  test('tells all that is wrong, each at its place, and `chilled` passes it over when it is exactly true', async () => {
    const body = `${TICKS}tests: []\npipeline:\n  processors:\n    - mapping: root = nope(\n    - log: {massage: hi}\n`
    const { text, status, type } = await call('POST', '/streams/a', body)
    expect({ status, type }).toEqual({ status: 400, type: 'application/json' })
    const lints = JSON.parse(text).lint_errors
    expect(lints.map((lint: string) => lint.slice(0, 35))).toEqual([
      '(3,1) field tests not recognised',
      expect.stringMatching(/^\(6,\d+\) /),
      '(7,13) field massage not recognised',
    ])
    const chilled = body.replace('    - mapping: root = nope(\n', '')
    for (const value of ['1', 'TRUE', 'True', 'yes', ''])
      expect(await call('POST', `/streams/a?chilled=${value}`, chilled)).toMatchObject({
        status: 400,
      })
    expect(await call('POST', '/streams/a?chilled=true', chilled)).toMatchObject({ status: 200 })
    expect(await configOf('a')).toMatchObject({
      tests: [],
      pipeline: { processors: [{ log: { massage: 'hi' } }] },
    })
    const unbuilt = await call('POST', '/streams/b?chilled=true', body)
    expect(unbuilt.status).toBe(502)
  })

  test.each([
    [
      'output: {drop: {}, inproc: x}',
      '(1,20) field inproc is invalid when the component type is drop (output)',
    ],
    ['input: {http_client: {}}', '(1,9) field url is required'],
    ['input: {nope: {}}', '(1,9) unable to infer component type: there is no input named "nope"'],
    ['input: {}', '(1,8) unable to infer component type: expected an input, got an empty object'],
    ['input: {stdin: {}}\ncache_resources: []', '(2,1) field cache_resources not recognised'],
    ['input: {stdin: {}}\nlogger: {}', '(2,1) field logger not recognised'],
  ])('says of %s what the contract says', async (body, expected) => {
    const { text, status } = await call('POST', '/streams/a', body)
    expect(status).toBe(400)
    expect(JSON.parse(text).lint_errors[0]).toContain(expected)
  })

  test('stops a label that is taken, unless it is chilled', async () => {
    const twice = `${TICKS}pipeline:\n  processors:\n    - {label: a, noop: {}}\n    - {label: a, noop: {}}\n`
    const { text, status } = await call('POST', '/streams/a', twice)
    expect(status).toBe(400)
    expect(JSON.parse(text).lint_errors).toEqual([
      expect.stringMatching(/^\(6,15\) the label a is taken by /),
    ])
    expect(await call('POST', '/streams/a?chilled=true', twice)).toMatchObject({ status: 200 })
  })

  test('does not judge what is no YAML, or no mapping', async () => {
    for (const body of ['input: [', '- a', 'text'])
      expect(await call('POST', '/streams/a', body)).toMatchObject({
        status: 400,
        text: expect.stringMatching(/^Error: line \d+ column \d+: /),
      })
  })
})

describe('an environment variable', () => {
  const withEnv = (interval: string): string =>
    `input: {generate: {mapping: "root = 1", interval: "${interval}"}}\noutput: {drop: {}}`

  test('that nobody set is a lint at its place, and empty where it is chilled or says so', async () => {
    const { text, status } = await call('POST', '/streams/a', withEnv('$' + '{NOPE}'))
    expect(status).toBe(400)
    expect(JSON.parse(text).lint_errors).toEqual([
      expect.stringMatching(/^\(1,51\) required environment variables were not set: \[NOPE\]/),
    ])
    const empty = await call('POST', '/streams/a?chilled=true', withEnv('$' + '{NOPE}'))
    expect(empty).toMatchObject({ status: 200 })
    expect(await call('POST', '/streams/b', withEnv('$' + '{NOPE:1h}'))).toMatchObject({
      status: 200,
    })
    expect(await configOf('b')).toMatchObject({
      input: { generate: { interval: '$' + '{NOPE:1h}' } },
    })
  })

  test('that nobody set stops a PATCH, unless it is chilled', async () => {
    await call('POST', '/streams/a', TICKS)
    const part = 'input: {generate: {interval: "$' + '{NOPE}$' + '{KNOWN:2h}"}}'
    expect(await call('PATCH', '/streams/a', part)).toMatchObject({
      status: 400,
      text: expect.stringMatching(/^Error: required environment variables were not set: \[NOPE\]/),
    })
    expect(generationOf('a')).toBe(1)
    expect(await call('PATCH', '/streams/a?chilled=true', part)).toMatchObject({ status: 200 })
    expect(generationOf('a')).toBe(2)
  })

  test('that its source was not granted is not read', async () => {
    await using granted = await openConnectServer({
      env: { KNOWN: '1h', HIDDEN: '1h' },
      posted: [
        {
          ...declarationOf('connect', { type: 'api', location: 'api', atomic: true }),
          grants: {
            ...declarationOf('connect').grants,
            env: ['KNOWN'],
            declaredIn: 'headgate.yaml',
          },
        },
      ],
    })
    expect(await granted.call('POST', '/streams/a', withEnv('$' + '{KNOWN}'))).toMatchObject({
      status: 200,
    })
    const { text } = await granted.call('POST', '/streams/b', withEnv('$' + '{HIDDEN}'))
    expect(text).toContain('grants: {env: [HIDDEN]}')
  })
})

test('one stream that may not run any more holds up no other, and can be deleted', async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-connect-'))
  try {
    const granting = { ...declarationOf('connect', { type: 'api', location: 'api', atomic: true }) }
    const granted = await openConnectServer({ dataDirectory, env: { X: '1h' }, posted: [granting] })
    const bare =
      'input: {generate: {mapping: "root = 1", interval: "$' + '{X}"}}\noutput: {drop: {}}'
    expect(await granted.call('POST', '/streams/a', bare)).toMatchObject({ status: 200 })
    expect(await granted.call('POST', '/streams/b', TICKS)).toMatchObject({ status: 200 })
    await granted[Symbol.asyncDispose]()
    await using again = await openConnectServer({ dataDirectory })
    await again.plane.sources.firstConvergence()
    const list = async (): Promise<Record<string, { active: boolean }>> =>
      JSON.parse((await again.call('GET', '/streams')).text)
    expect((await list())['b']).toMatchObject({ active: true })
    expect(await again.call('POST', '/streams/c', TICKS)).toMatchObject({ status: 200, text: '' })
    expect(await again.call('DELETE', '/streams/b')).toMatchObject({ status: 200, text: '' })
    expect((await list())['c']).toMatchObject({ active: true })
    expect(await again.call('DELETE', '/streams/a')).toMatchObject({ status: 200, text: '' })
    expect(Object.keys(await list())).toEqual(['c'])
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
})

describe('a stream that another source owns', () => {
  test('is read, and is not written', async () => {
    await server[Symbol.asyncDispose]()
    const spec = {
      input: { generate: { mapping: 'root = 1', interval: '1h' } },
      output: { drop: {} },
    }
    const source = new FakeSource(setOf([declare('Pipeline', 'theirs', spec)]))
    server = await openConnectServer({ sources: [source] })
    await server.plane.sources.firstConvergence()
    expect(await ids()).toEqual(['theirs'])
    expect(await configOf('theirs')).toEqual(spec)
    const owner = /^Error: .*owned by the source local: edit theirs\.yaml/
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
      expect(await call(method, '/streams/theirs', '{}')).toMatchObject({
        status: 400,
        text: expect.stringMatching(owner),
      })
    const { status, text } = await call('POST', '/streams', set({ ours: TICKS, theirs: TICKS }))
    expect(status).toBe(400)
    expect(text).toMatch(/^Error: failed to create stream: .*owned by the source local/)
    expect(await ids()).toEqual(['theirs'])
    await call('POST', '/streams', set({ ours: TICKS }))
    expect(await ids()).toEqual(['ours', 'theirs'])
  })
})

describe('what is ours', () => {
  test('`dryRun` answers the plan and changes nothing', async () => {
    await call('POST', '/streams/a', TICKS)
    const emptied = JSON.parse((await call('POST', '/streams?dryRun=true', '{}')).text)
    expect(emptied.actions).toMatchObject([{ verb: 'delete', name: 'a' }])
    const { text, status } = await call('POST', '/streams?dryRun=true', set({ b: TICKS }))
    expect(status).toBe(200)
    const { actions } = JSON.parse(text)
    expect(
      actions.map(({ verb, name }: { verb: string; name: string }) => `${verb} ${name}`).sort(),
    ).toEqual(['create b', 'delete a'])
    for (const [method, path] of [
      ['POST', '/streams/b'],
      ['PUT', '/streams/a'],
      ['PATCH', '/streams/a'],
      ['DELETE', '/streams/a'],
    ] as const)
      expect(await call(method, `${path}?dryRun=true`, COUNTED)).toMatchObject({
        status: 200,
        type: 'application/json',
      })
    expect(await ids()).toEqual(['a'])
    expect(generationOf('a')).toBe(1)
  })

  test('`If-Match` refuses a write where the set is another one now', async () => {
    const tag = async (): Promise<string> =>
      (await call('GET', '/streams')).headers.get('etag') ?? ''
    const before = await tag()
    await call('POST', '/streams/a', TICKS, { 'if-match': before })
    expect(await tag()).not.toBe(before)
    expect(await call('DELETE', '/streams/a', undefined, { 'if-match': before })).toMatchObject({
      status: 412,
    })
    expect(await call('POST', '/streams', '', { 'if-match': await tag() })).toMatchObject({
      status: 200,
    })
    expect(await ids()).toEqual([])
  })
})

describe('one stream, under our own paths', () => {
  const runs = '/apis/headgate.dev/v1alpha1/namespaces/default/pipelines'

  test('is paused and resumed, and a set that says the same leaves it so', async () => {
    await call('POST', '/streams/a', TICKS)
    expect(await call('PUT', `${runs}/a/pause`)).toMatchObject({ status: 204 })
    const [{ active, uptime } = { active: true, uptime: 0 }] = Object.values(await states())
    expect(active).toBe(false)
    await call('POST', '/streams', set({ a: TICKS }))
    expect((await states())['a']).toMatchObject({ active: false, uptime })
    expect(await configOf('a')).not.toHaveProperty('paused')
    expect(await call('POST', `${runs}/a/restart`)).toMatchObject({ status: 409 })
    expect(await call('DELETE', `${runs}/a/pause`)).toMatchObject({ status: 204 })
    expect((await states())['a']?.active).toBe(true)
    await call('PUT', `${runs}/a/pause`)
    await call('PUT', '/streams/a', COUNTED)
    await call('PATCH', '/streams/a', 'input: {generate: {count: 4}}')
    await call('POST', '/streams', set({ a: TICKS }))
    expect((await states())['a']?.active).toBe(false)
    expect(await call('DELETE', `${runs}/a/pause`)).toMatchObject({ status: 204 })
    expect((await states())['a']?.active).toBe(true)
  })

  test('is restarted, and one that has ended runs again', async () => {
    await call('POST', '/streams/a', COUNTED)
    await expect.poll(async () => (await states())['a']?.active).toBe(false)
    const uptime = (await states())['a']?.uptime
    expect(await call('POST', `${runs}/a/restart`)).toMatchObject({ status: 204 })
    expect((await states())['a']?.uptime).not.toBe(uptime)
    expect(generationOf('a')).toBe(1)
    expect(await call('POST', `${runs}/nobody/restart`)).toMatchObject({ status: 404 })
  })

  test('is posted to /streams alone, not as a set of documents', async () => {
    await expect(
      server.plane.sources.apply('connect', { files: [], dryRun: false }),
    ).rejects.toMatchObject({ code: 'Conflict' })
  })
})

describe('a stream that should run and does not', () => {
  test('is not ready, and tells why; a paused one tells that, and holds up nothing', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-connect-'))
    try {
      const granting = declarationOf('connect', { type: 'api', location: 'api', atomic: true })
      const first = await openConnectServer({ dataDirectory, env: { X: '1h' }, posted: [granting] })
      const bare =
        'input: {generate: {mapping: "root = 1", interval: "$' + '{X}"}}\noutput: {drop: {}}'
      for (const [id, config] of Object.entries({ fine: TICKS, b14: bare, still: TICKS }))
        expect(await first.call('POST', `/streams/${id}`, config)).toMatchObject({ status: 200 })
      const pipelines = '/apis/headgate.dev/v1alpha1/namespaces/default/pipelines'
      await first.call('PUT', `${pipelines}/still/pause`)
      expect(await first.call('GET', '/ready')).toMatchObject({ status: 200 })
      const paused = await first.call('GET', '/still/ready')
      expect(paused).toMatchObject({ status: 503 })
      expect(JSON.parse(paused.text)).toEqual({ statuses: [], error: 'the stream is paused' })
      await first[Symbol.asyncDispose]()
      await using again = await openConnectServer({ dataDirectory })
      await again.plane.sources.firstConvergence()
      expect(await again.call('GET', '/ready')).toMatchObject({
        status: 503,
        text: 'streams b14 are not connected\n',
      })
      const { status, text } = await again.call('GET', '/b14/ready')
      expect(status).toBe(503)
      expect(JSON.parse(text).error).toContain('X')
      expect(await again.call('GET', '/fine/ready')).toMatchObject({ status: 200 })
    } finally {
      rmSync(dataDirectory, { recursive: true, force: true })
    }
  })
})

describe('the other paths', () => {
  test('are there twice', async () => {
    for (const path of [
      '/ping',
      '/ready',
      '/version',
      '/endpoints',
      '/metrics',
      '/stats',
      '/streams',
    ]) {
      const [plain, beneath] = [await call('GET', path), await call('GET', `/benthos${path}`)]
      expect(plain.status, path).toBe(200)
      expect(beneath.status, path).toBe(200)
      if (path !== '/metrics') expect(beneath.text).toBe(plain.text)
    }
    expect((await call('GET', '/ping')).text).toBe('pong')
    expect(JSON.parse((await call('GET', '/version')).text)).toMatchObject({
      version: '1.2.3',
      built: 'source',
    })
  })

  test('take bodies of 64 MiB, and say so of a larger one', async () => {
    const comment = `#${'x'.repeat(2 * 1024 * 1024)}\n`
    expect(await call('POST', '/streams/a', comment + TICKS)).toMatchObject({ status: 200 })
    const most = `#${'x'.repeat(64 * 1024 * 1024 - TICKS.length - 2)}\n${TICKS}`
    expect(await call('PUT', '/streams/a', most)).toMatchObject({ status: 200 })
    expect(await call('PUT', '/streams/a', `${most} `)).toMatchObject({
      status: 400,
      text: expect.stringMatching(/^Error: expected a body of at most 67108864 bytes/),
    })
  })

  test('never show what serves them', async () => {
    const garbage = { 'content-type': 'garbage;;' }
    expect(await call('POST', '/streams/typed', TICKS, garbage)).toMatchObject({ status: 200 })
    expect(await call('GET', '/streams/typed', undefined, garbage)).toMatchObject({ status: 200 })
    expect(await call('DELETE', '/streams/typed', undefined, garbage)).toMatchObject({
      status: 200,
    })
    for (const path of ['/ping', '/version', '/endpoints', '/ready', '/stats'])
      expect(await call('GET', path, undefined, garbage), path).toMatchObject({ status: 200 })
    expect(await call('GET', '/streams/%zz')).toMatchObject({
      status: 400,
      text: 'Error: the request is malformed\n',
    })
  })

  test('tell whether a stream is connected, and what it counts', async () => {
    await call('POST', '/streams/a', TICKS)
    expect(JSON.parse((await call('GET', '/a/ready')).text)).toEqual({
      statuses: [
        { label: '', path: 'root.input', connected: true },
        { label: '', path: 'root.output', connected: true },
      ],
    })
    await call(
      'POST',
      '/streams/away',
      'input: {generate: {mapping: "root = 1"}}\noutput: {http_client: {url: "http://127.0.0.1:1/"}}',
    )
    const stats = JSON.parse((await call('GET', '/streams/a/stats')).text)
    expect(stats).toMatchObject({ uptime_ns: expect.any(Number) })
    expect(stats).toHaveProperty(['input_received{label="",path="root.input",stream="a"}'])
    expect(await call('GET', '/streams/nobody/stats')).toMatchObject({ status: 404 })
    expect((await call('GET', '/endpoints')).text).toContain('"/streams/{id}"')
  })
})
