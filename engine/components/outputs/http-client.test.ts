import { generateKeyPairSync, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { boundaryOf, partMultipart } from '../http/multipart.ts'
import { oauthHeader } from '../http/oauth-signature.ts'
import { testCertificate } from '../test-certificate.ts'
import {
  createStream,
  produce,
  type Received,
  runToEnd,
  started,
  type Told,
  toldServer,
} from '../testing.ts'

const pipelines: Pipeline[] = []
afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
})

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-http-'))
})
afterAll(() => rm(directory, { recursive: true }))

const one = { generate: { mapping: 'root = "x"\nmeta to = "here"', interval: '', count: 1 } }
const quick = { retry_period: '1ms', max_retry_backoff: '2ms' }

describe('the http_client output', () => {
  test('sends each message, with what its fields say of it', async () => {
    await using server = await toldServer(() => ({ status: 200 }))
    const http_client = {
      url: `${server.url}/\${! @to }`,
      verb: 'PUT',
      headers: { 'X-To': '${! @to }' },
    }
    await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(server.received).toMatchObject([
      { url: '/here', method: 'PUT', body: 'x', headers: { 'x-to': 'here' } },
    ])
  })

  test('tries as often as it was told, then has the pipeline repeat the message', async () => {
    const answers: (Told | undefined)[] = [{ status: 500 }, undefined, { status: 429 }]
    await using server = await toldServer((_, index) =>
      index < answers.length ? answers[index] : { status: 200 },
    )
    const http_client = { url: server.url, retries: 1, ...quick }
    const pipeline = await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(server.received).toHaveLength(4)
    expect(pipeline.state().counters).toMatchObject({ outputErrors: 1, outputSent: 1 })
  })

  test('does not retry what drop_on names, and takes what successful_on names', async () => {
    await using server = await toldServer((_, index) => ({ status: index === 0 ? 400 : 304 }))
    const http_client = { url: server.url, drop_on: [400], successful_on: [304], ...quick }
    const pipeline = await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(server.received).toHaveLength(2)
    expect(pipeline.state().counters.outputErrors).toBe(1)
  })

  test('takes no success for one that drop_on or backoff_on names', async () => {
    for (const lists of [{ drop_on: [202] }, { backoff_on: [202] }, { successful_on: [429] }]) {
      const status = 'successful_on' in lists ? 429 : 202
      await using server = await toldServer((_, index) => ({ status: index === 0 ? status : 200 }))
      const http_client = { url: server.url, retries: 0, ...lists, ...quick }
      const pipeline = await runToEnd({ input: one, output: { http_client } }, testEnvironment())
      expect(pipeline.state().counters).toMatchObject({ outputErrors: 1, outputSent: 1 })
    }
  })

  test('gives the place of a record as its Idempotency-Key', async () => {
    await using server = await toldServer(() => ({ status: 200 }))
    const environment = testEnvironment()
    await createStream(environment.engine, 'a')
    await produce(environment.engine, 'a', [{ data: Buffer.from('x') }])
    const incarnation = environment.streams.resolve('default', 'a')?.incarnation
    const spec = { input: { stream: { name: 'a' } }, output: { http_client: { url: server.url } } }
    pipelines.push(await started(spec, environment))
    await server.answered(1)
    expect(server.received[0]?.headers['idempotency-key']).toBe(`a/${incarnation}/0/1-1`)
  })

  test('sends a batch as one request of several parts, or the parts that it is told', async () => {
    await using server = await toldServer(() => ({ status: 200 }))
    const generate = {
      mapping: 'root = "m" + counter().string()',
      interval: '',
      count: 2,
      batch_size: 2,
    }
    const http_client = { url: server.url, batch_as_multipart: true }
    await runToEnd({ input: { generate }, output: { http_client } }, testEnvironment())
    const multipart = [
      {
        content_type: 'text/x',
        content_disposition: 'form-data; name="a"',
        body: '<${! content() }>',
      },
    ]
    await runToEnd(
      { input: one, output: { http_client: { url: server.url, multipart } } },
      testEnvironment(),
    )
    const bodies = server.received.map(({ headers, body }) => {
      const parts = partMultipart(Buffer.from(body), boundaryOf(headers['content-type']) ?? '')
      return parts?.map((part) => Buffer.from(part).toString())
    })
    expect(bodies).toEqual([['m1', 'm2'], ['<x>']])
    expect(server.received[1]?.body).toContain('Content-Disposition: form-data; name="a"')
  })

  test('adds the metadata that it is told to as headers', async () => {
    await using server = await toldServer(() => ({ status: 200 }))
    const mapping = 'root = "x"\nmeta yes_a = 1\nmeta other_b = "two"\nmeta no = "three"'
    const metadata = { include_prefixes: ['yes_'], include_patterns: ['_b$'] }
    const input = { generate: { mapping, interval: '', count: 1 } }
    await runToEnd(
      { input, output: { http_client: { url: server.url, metadata } } },
      testEnvironment(),
    )
    expect(server.received[0]?.headers).toMatchObject({ yes_a: '1', other_b: 'two' })
    expect(server.received[0]?.headers).not.toHaveProperty('no')
  })

  test('follows an answer to where it points, unless it is told not to', async () => {
    await using server = await toldServer(({ url }) =>
      url === '/old' ? { status: 307, headers: { location: '/new' } } : { status: 200 },
    )
    const send = (http_client: object) =>
      runToEnd(
        { input: one, output: { http_client: { url: `${server.url}/old`, ...http_client } } },
        testEnvironment(),
      )
    await send({})
    expect(server.received.map(({ url, body }) => [url, body])).toEqual([
      ['/old', 'x'],
      ['/new', 'x'],
    ])
    await send({ follow_redirects: false, successful_on: [307] })
    expect(server.received.map(({ url }) => url)).toEqual(['/old', '/new', '/old'])
  })

  test('takes no redirect that it does not follow for a delivery', async () => {
    await using server = await toldServer((_, index) => ({ status: index === 0 ? 302 : 200 }))
    const http_client = { url: server.url, follow_redirects: false, retries: 0 }
    const pipeline = await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(pipeline.state().counters).toMatchObject({ outputErrors: 1, outputSent: 1 })
  })

  test('goes through a proxy', async () => {
    await using proxy = await toldServer(() => ({ status: 200 }))
    const http_client = {
      url: 'http://nowhere.example/in',
      proxy_url: proxy.url.replace('//', '//me:pw@'),
    }
    await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(proxy.received[0]).toMatchObject({
      url: 'http://nowhere.example/in',
      headers: { 'proxy-authorization': `Basic ${btoa('me:pw')}` },
    })
  })

  test('trusts a server as tls says', async () => {
    const certificate = testCertificate()
    const server = createServer(certificate, (_, response) => response.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const tls = { enabled: true, root_cas: certificate.cert }
    const http_client = { url: `https://localhost:${port}`, tls, retries: 0 }
    const pipeline = await runToEnd({ input: one, output: { http_client } }, testEnvironment())
    expect(pipeline.state().counters).toMatchObject({ outputErrors: 0, outputSent: 1 })
    await new Promise((resolve) => server.close(resolve))
  })

  test('waits for its rate limit before each request', async () => {
    const clock = new SimulatedClock()
    await using server = await toldServer(() => ({ status: 200 }))
    const spec = {
      input: { generate: { mapping: 'root = "x"', interval: '', count: 3 } },
      output: {
        http_client: { url: server.url, rate_limit: 'few', max_in_flight: 1, timeout: '' },
      },
      rate_limit_resources: [{ label: 'few', local: { count: 2, interval: '1m' } }],
    }
    const pipeline = await started(spec, testEnvironment({ clock }))
    pipelines.push(pipeline)
    await server.answered(2)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(server.received).toHaveLength(2)
    clock.advance(60_000)
    await server.answered(3)
  })

  test('logs requests where it is told to, without what may be a secret', async () => {
    const lines: unknown[] = []
    const logger = {
      debug: () => {},
      error: () => {},
      warn: () => {},
      info: (...line: unknown[]) => void lines.push(line),
    }
    await using server = await toldServer(() => ({ status: 200 }))
    const http_client = {
      url: `${server.url}/a?key=hidden`,
      dump_request_log_level: 'INFO',
      headers: { 'X-Key': 'hidden' },
      basic_auth: { enabled: true, username: 'u', password: 'hidden' },
    }
    await runToEnd({ input: one, output: { http_client } }, testEnvironment({ logger }))
    expect(JSON.stringify(lines)).toContain('X-Key')
    expect(JSON.stringify(lines)).not.toMatch(/hidden|dTpoaWRkZW4/)
  })
})

describe('who an http_client says that it is', () => {
  const sent = async (fields: object, tell = (_: Received): Told => ({ status: 200 })) => {
    await using server = await toldServer(tell)
    const url = (text: string) => text.replaceAll('URL', server.url)
    const http_client = JSON.parse(url(JSON.stringify({ url: 'URL/in?a=1', ...quick, ...fields })))
    await runToEnd({ input: one, output: { http_client } }, testEnvironment({ directory }))
    return server.received
  }

  test('is a name and a password', async () => {
    const basic_auth = { enabled: true, username: 'me', password: 'pw' }
    const [request] = await sent({ basic_auth, headers: { authorization: 'other' } })
    expect(request?.headers.authorization).toBe(`Basic ${btoa('me:pw')}`)
  })

  test('is a signed token', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await writeFile(join(directory, 'jwt.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const jwt = {
      enabled: true,
      private_key_file: 'jwt.pem',
      signing_method: 'RS256',
      claims: { sub: 'me' },
      headers: { kid: '7' },
    }
    const [request] = await sent({ jwt })
    const [, token = ''] = (request?.headers.authorization ?? '').split('Bearer ')
    const [head = '', claims = '', signature = ''] = token.split('.')
    const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString())
    expect([read(head), read(claims)]).toEqual([
      { alg: 'RS256', typ: 'JWT', kid: '7' },
      { sub: 'me' },
    ])
    const bytes = Buffer.from(signature, 'base64url')
    expect(verify('sha256', Buffer.from(`${head}.${claims}`), publicKey, bytes)).toBe(true)
  })

  test('is a signature over the request', async () => {
    const oauth = {
      enabled: true,
      consumer_key: 'ck',
      consumer_secret: 'cs',
      access_token: 'at',
      access_token_secret: 'ats',
    }
    const [request] = await sent({ oauth })
    const header = request?.headers.authorization ?? ''
    const value = (name: string): string =>
      decodeURIComponent(new RegExp(`${name}="([^"]*)"`).exec(header)?.[1] ?? '')
    const identity = { consumerKey: 'ck', consumerSecret: 'cs', token: 'at', tokenSecret: 'ats' }
    const moment = { nonce: value('oauth_nonce'), seconds: Number(value('oauth_timestamp')) }
    const url = `http://${request?.headers.host}${request?.url}`
    expect(header).toBe(oauthHeader('POST', url, identity, moment))
  })

  test('is a token that a server gives, asked for once, and again when it is refused', async () => {
    let tokens = 0
    const oauth2 = {
      enabled: true,
      client_key: 'id',
      client_secret: 'pw',
      token_url: 'URL/token',
      scopes: ['a', 'b'],
      endpoint_params: { audience: ['x'] },
    }
    const received = await sent({ oauth2 }, ({ url, headers }) => {
      if (url === '/token') {
        tokens += 1
        const body = JSON.stringify({ access_token: `t${tokens}`, expires_in: 60 })
        return { status: 200, body }
      }
      return { status: headers.authorization === 'Bearer t2' ? 200 : 401 }
    })
    expect(received.map(({ url }) => url)).toEqual(['/token', '/in?a=1', '/token', '/in?a=1'])
    expect(received[0]?.headers.authorization).toBe(`Basic ${btoa('id:pw')}`)
    expect(received[0]?.body).toBe('grant_type=client_credentials&scope=a+b&audience=x')
  })

  test('goes into the body of the request for a token where the server wants it there', async () => {
    const oauth2 = { enabled: true, client_key: 'id', client_secret: 'pw', token_url: 'URL/token' }
    const received = await sent({ oauth2 }, ({ url, body }) => {
      if (url !== '/token') return { status: 200 }
      if (!body.includes('client_secret=pw')) return { status: 401 }
      return { status: 200, body: '{"access_token":"t"}' }
    })
    expect(received.map(({ url }) => url)).toEqual(['/token', '/token', '/in?a=1'])
    expect(received[2]?.headers.authorization).toBe('Bearer t')
  })

  test('never shows in what is reported', async () => {
    await using server = await toldServer(() => ({ status: 403 }))
    const http_client = {
      url: server.url.replace('//', '//user:hidden@'),
      retries: 0,
      basic_auth: { enabled: true, username: 'u', password: 'hidden' },
    }
    const pipeline = await started({ input: one, output: { http_client } }, testEnvironment())
    pipelines.push(pipeline)
    await server.answered(1)
    await reportedBy(pipeline)
    expect(pipeline.state().message).toContain('answered 403')
    expect(pipeline.state().message).not.toMatch(/hidden|dTpoaWRkZW4/)
  })
})

describe('the config of an http_client', () => {
  const faults = async (fields: object) => {
    const { problems } = await inspectPipeline({
      input: { stdin: {} },
      output: { http_client: { url: 'http://x', ...fields } },
    })
    return problems
      .filter(({ severity }) => severity === 'error')
      .map(({ path }) => path.slice(2).join('.'))
  }

  test('is refused where a field says nothing that can be done', async () => {
    expect(await faults({})).toEqual([])
    expect(await faults({ url: 'localhost:80/in' })).toEqual(['url'])
    expect(await faults({ url: '${! @host }/in' })).toEqual([])
    expect(await faults({ verb: 'post it' })).toEqual(['verb'])
    expect(await faults({ proxy_url: 'ftp://x' })).toEqual(['proxy_url'])
    expect(await faults({ oauth2: { enabled: true } })).toEqual(['oauth2.token_url'])
    expect(await faults({ jwt: { enabled: true } })).toEqual([
      'jwt.private_key_file',
      'jwt.signing_method',
    ])
    expect(await faults({ metadata: { include_patterns: ['('] } })).toEqual([
      'metadata.include_patterns.0',
    ])
    expect(await faults({ drop_on: [42] })).toEqual(['drop_on.0'])
    expect(await faults({ unheard_of: 1 })).toEqual(['unheard_of'])
  })
})

/** Resolves once something is wrong. */
async function reportedBy(pipeline: Pipeline): Promise<void> {
  while (pipeline.state().message === undefined) await new Promise(setImmediate)
}
