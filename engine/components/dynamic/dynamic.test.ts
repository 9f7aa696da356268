import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../pipelines/testing.ts'
import { inprocChannel } from '../inproc-hub.ts'
import { batchOf, texts } from '../outputs/told-output.ts'
import { started } from '../testing.ts'
import { DYNAMIC_ENTRIES_MAX } from './dynamic-endpoints.ts'
import { POSTED_CONFIG_BYTES_MAX } from './posted-config.ts'

const never = new AbortController().signal
const open: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

type Ask = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; text: string }>

/** A pipeline, and a server before the paths that it mounted. */
async function served(spec: object, environment: TestEnvironment): Promise<[Pipeline, Ask]> {
  const pipeline = await started(spec, environment)
  open.push(() => pipeline.stop(1_000))
  const listener: RequestListener = (request, response) => {
    const { handlers } = environment.endpoints
    const path = request.url ?? ''
    const found = [...handlers.keys()]
      .filter((key) => path === key || (key.endsWith('/') && path.startsWith(key)))
      .toSorted((one, other) => other.length - one.length)[0]
    handlers.get(found ?? '')?.(request, response)
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const ask: Ask = async (method, path, body) => {
    const sent = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: sent }),
    })
    return { status: response.status, text: await response.text() }
  }
  return [pipeline, ask]
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

describe('the dynamic input', () => {
  const spec = (dynamic: object) => ({ input: { dynamic }, output: { stdout: {} } })
  const say = (text: string) =>
    `generate:\n  mapping: root = "${text}"\n  interval: ""\n  count: 1\n`

  test('takes, shows, replaces and removes inputs while the pipeline runs', async () => {
    const environment = testEnvironment({ mask: (config) => config })
    const [, ask] = await served(spec({ prefix: '/sources' }), environment)
    expect(await ask('GET', '/test/sources/inputs')).toEqual({ status: 200, text: '{}' })
    expect(await ask('POST', '/test/sources/inputs/a', say('one'))).toEqual({
      status: 200,
      text: '',
    })
    await until(() => environment.stdout.text === 'one\n')
    const shown = { mapping: 'root = "one"', interval: '', count: 1 }
    expect(JSON.parse((await ask('GET', '/test/sources/inputs')).text)).toEqual({
      a: { uptime: 'stopped', config: { generate: shown } },
    })
    expect(JSON.parse((await ask('GET', '/test/sources/inputs/a')).text)).toEqual({
      generate: shown,
    })
    await ask('POST', '/test/sources/inputs/a', { inproc: 'later' })
    expect((await ask('GET', '/test/sources/inputs/a/uptime')).text).toMatch(/^[\d.]+s$/)
    const channel = inprocChannel(environment.engine, 'default', 'later')
    expect(await channel.offer(batchOf('two'), never)).toBeUndefined()
    expect(environment.stdout.text).toBe('one\ntwo\n')
    expect(await ask('DELETE', '/test/sources/inputs/a')).toEqual({ status: 200, text: '' })
    expect((await ask('DELETE', '/test/sources/inputs/a')).status).toBe(404)
    void channel.offer(batchOf('three'), never)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    const left = channel.take()
    expect(left && texts(left.messages)).toEqual(['three'])
  })

  test('goes on with what is declared, and drains it at a stop', async () => {
    const environment = testEnvironment()
    const [pipeline] = await served(spec({ inputs: { a: { inproc: 'a' } } }), environment)
    const channel = inprocChannel(environment.engine, 'default', 'a')
    expect(await channel.offer(batchOf('x', 'y'), never)).toBeUndefined()
    expect(await pipeline.stop(10_000)).toBe('drained')
    expect(environment.stdout.text).toBe('x\ny\n')
    expect(environment.endpoints.handlers.size).toBe(0)
  })

  test('shows nothing of a config where nobody can tell its secrets', async () => {
    const environment = testEnvironment()
    const [, ask] = await served(spec({ inputs: { a: { inproc: 'a' } } }), environment)
    expect((await ask('GET', '/test/inputs/a')).text).toBe('{}')
  })

  test.each([
    ['not YAML', '{', 'expected a config in YAML or JSON'],
    ['no component', { genrate: {} }, 'there is no input named "genrate"'],
    ['a file', { file: { paths: ['/etc/passwd'] } }, 'uses file /etc/passwd'],
    ['a stream', { stream: { name: 'orders' } }, 'uses stream orders'],
    ['the standard input', { stdin: {} }, 'uses stdin'],
    ['a variable', { inproc: `\${HOME}` }, 'uses env HOME'],
    ['a listener', { http_server: { address: '0.0.0.0:80' } }, 'uses listener 0.0.0.0:80'],
    ['too much', 'x'.repeat(POSTED_CONFIG_BYTES_MAX + 1), 'at most'],
  ])('refuses %s, and changes nothing', async (_, body, message) => {
    const environment = testEnvironment()
    const [, ask] = await served(spec({ inputs: { a: { inproc: 'a' } } }), environment)
    const answer = await ask('POST', '/test/inputs/b', body)
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(/^Error: /)
    expect(answer.text).toContain(message)
    expect(Object.keys(JSON.parse((await ask('GET', '/test/inputs')).text))).toEqual(['a'])
  })

  test('takes a config of the largest size', async () => {
    const [, ask] = await served(spec({}), testEnvironment())
    const body = '{"inproc": "a"}'.padEnd(POSTED_CONFIG_BYTES_MAX, ' ')
    expect((await ask('POST', '/test/inputs/a', body)).status).toBe(200)
  })

  test('takes so many inputs and no more', async () => {
    const inputs = Object.fromEntries(
      Array.from({ length: DYNAMIC_ENTRIES_MAX - 1 }, (_, n) => [`n${n}`, { inproc: 'a' }]),
    )
    const [, ask] = await served(spec({ inputs }), testEnvironment())
    expect((await ask('POST', '/test/inputs/last', { inproc: 'a' })).status).toBe(200)
    expect((await ask('POST', '/test/inputs/more', { inproc: 'a' })).text).toContain('at most')
    expect((await ask('POST', '/test/inputs/last', { inproc: 'b' })).status).toBe(200)
  })

  test('answers other verbs and paths as the API of pipelines does', async () => {
    const [, ask] = await served(spec({}), testEnvironment())
    expect((await ask('PUT', '/test/inputs/a')).status).toBe(400)
    expect((await ask('DELETE', '/test/inputs')).status).toBe(400)
    expect((await ask('GET', '/test/inputs/a')).status).toBe(404)
    expect((await ask('GET', '/test/inputs/a/b/c')).status).toBe(404)
    expect((await ask('GET', '/test/inputs/a%20b')).status).toBe(400)
  })
})

describe('the dynamic output', () => {
  const spec = (dynamic: object) => ({ input: { inproc: 'in' }, output: { dynamic } })

  test('holds batches until there is an output, and copies to all that there are', async () => {
    const environment = testEnvironment()
    const [, ask] = await served(spec({ prefix: 'sinks' }), environment)
    const channel = (id: string) => inprocChannel(environment.engine, 'default', id)
    const first = channel('in').offer(batchOf('one'), never)
    expect((await ask('POST', '/test/sinks/outputs/a', { inproc: 'a' })).status).toBe(200)
    const taken = await channel('a').wait(never)
    expect(taken && texts(taken.messages)).toEqual(['one'])
    taken?.settle(undefined)
    expect(await first).toBeUndefined()
    await ask('POST', '/test/sinks/outputs/b', { inproc: 'b' })
    const second = channel('in').offer(batchOf('two'), never)
    for (const id of ['a', 'b']) (await channel(id).wait(never))?.settle(undefined)
    expect(await second).toBeUndefined()
  })

  test('replaces an output, and takes what both were given', async () => {
    const environment = testEnvironment()
    const [, ask] = await served(spec({ outputs: { a: { inproc: 'a' } } }), environment)
    const channel = (id: string) => inprocChannel(environment.engine, 'default', id)
    const first = channel('in').offer(batchOf('one'), never)
    const taken = await channel('a').wait(never)
    expect((await ask('POST', '/test/outputs/a', { inproc: 'b' })).status).toBe(200)
    taken?.settle(undefined)
    expect(await first).toBeUndefined()
    const second = channel('in').offer(batchOf('two'), never)
    ;(await channel('b').wait(never))?.settle(undefined)
    expect(await second).toBeUndefined()
    expect(channel('a').take()).toBeUndefined()
  })
})
