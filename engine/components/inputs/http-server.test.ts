import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, request as send } from 'node:http'
import { request as sendSecurely } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../pipelines/testing.ts'
import { realRandom } from '../../ports/real-random.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { boundaryOf, formMultipart, partMultipart } from '../http/multipart.ts'
import { BODY_BYTES_MAX } from '../http/request-body.ts'
import { testCertificate } from '../test-certificate.ts'
import { started, toldServer } from '../testing.ts'

const pipelines: Pipeline[] = []
const servers: Server[] = []

afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** The shared server of the pipeline, with its one endpoint at any path. */
async function serve(input: object, output: object = { stdout: {} }, processors: unknown[] = []) {
  const environment = testEnvironment({ name: 'in' })
  const spec = { input: { http_server: input }, pipeline: { processors }, output }
  const pipeline = await started(spec, environment)
  pipelines.push(pipeline)
  return { environment, pipeline, url: await shared(environment) }
}

async function shared({ endpoints }: TestEnvironment): Promise<string> {
  const server = createServer()
  endpoints.listenOn(server)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('the http_server input', () => {
  test('answers 200 once the message was delivered, and knows its request', async () => {
    const mapping =
      'root.said = content().string()\nroot.q = @q\nroot.tag = @"X-Tag"\nroot.low = @"X-Low" | @"x-low"\nroot.verb = @http_server_verb\nroot.path = @http_server_request_path'
    const { url, environment } = await serve({}, { stdout: {} }, [{ mapping }])
    const headers = { 'X-Tag': 'blue', 'x-low': 'as spelled', http_server_verb: 'forged' }
    const { status, text } = await post(`${url}/in/post?q=1`, 'hello', headers)
    expect([status, text]).toEqual([200, ''])
    expect(JSON.parse(environment.stdout.text)).toEqual({
      said: 'hello',
      q: '1',
      tag: 'blue',
      low: 'as spelled',
      verb: 'POST',
      path: '/in/post',
    })
  })

  test('answers 502 with the reason when the message was rejected', async () => {
    const { url } = await serve({}, { reject: 'no ${! content().string() }' })
    const { status, text } = await post(`${url}/in/post`, 'thanks')
    expect([status, text]).toEqual([502, 'no thanks'])
  })

  test('answers 408 when nothing was decided in time', async () => {
    const held = { stdout: {}, processors: [{ log: { level: 'OFF' } }] }
    const { url, environment } = await serve({ timeout: '20ms' }, held)
    environment.stdout._write = () => {}
    expect((await post(`${url}/in/post`, 'x')).status).toBe(408)
  })

  test('refuses other verbs, parts that cannot be told and what is declared too large', async () => {
    const { url } = await serve({ path: '/x', allowed_verbs: ['PUT'] })
    expect((await post(`${url}/in/x`, 'x')).status).toBe(405)
    const multipart = { 'content-type': 'multipart/form-data; boundary=b' }
    expect((await post(`${url}/in/x`, 'x', multipart, 'PUT')).status).toBe(400)
    const length = { 'content-length': String(BODY_BYTES_MAX + 1) }
    expect((await post(`${url}/in/x`, '', length, 'PUT')).status).toBe(413)
    expect((await post(`${url}/in/x`, 'x', {}, 'PUT')).status).toBe(200)
  })

  test('answers as sync_response says', async () => {
    const sync_response = { status: '202', headers: { 'X-Got': '${! content().string() }' } }
    const { url } = await serve({ sync_response })
    const { status, headers } = await post(`${url}/in/post`, 'it')
    expect([status, headers['x-got']]).toEqual([202, 'it'])
  })

  test('gives its path back when it is stopped', async () => {
    const { pipeline, environment } = await serve({})
    await pipeline.stop(1_000)
    expect(environment.endpoints.handlers.size).toBe(0)
  })

  test('sends those away who wait when it stops', async () => {
    const { url, pipeline, environment } = await serve({})
    environment.stdout._write = () => {}
    const waiting = post(`${url}/in/post`, 'x')
    while (pipeline.state().counters.inputReceived === 0) await new Promise(setImmediate)
    await pipeline.stop(1)
    expect([502, 503]).toContain((await waiting).status)
  })

  test('listens at an address of its own, and not where somebody else does', async () => {
    const taken = createServer()
    servers.push(taken)
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const spec = (address: string) => ({
      input: { http_server: { address, path: '/own' } },
      output: { stdout: {} },
    })
    await expect(started(spec(`127.0.0.1:${port}`), testEnvironment())).rejects.toThrow(
      `another program listens on 127.0.0.1:${port}`,
    )
    await new Promise((resolve) => taken.close(resolve))
    const environment = testEnvironment()
    pipelines.push(await started(spec(`127.0.0.1:${port}`), environment))
    expect((await post(`http://127.0.0.1:${port}/own`, 'x')).status).toBe(200)
    expect((await post(`http://127.0.0.1:${port}/other`, 'x')).status).toBe(404)
  })

  test('takes the parts of a body as a batch, and answers for all of them', async () => {
    const { url, environment } = await serve({}, { stdout: {} }, [{ archive: { format: 'lines' } }])
    const form = formMultipart(
      ['a', 'b'].map((text) => ({ headers: {}, body: Buffer.from(text) })),
      realRandom,
    )
    const headers = { 'content-type': form.contentType }
    expect((await post(`${url}/in/post`, Buffer.from(form.body).toString(), headers)).status).toBe(
      200,
    )
    expect(environment.stdout.text).toBe('a\nb\n')
  })

  test('knows the parameters of its path, and what is beneath one that ends with a slash', async () => {
    const mapping = 'root = [@tenant, @http_server_request_path]'
    const { url, environment } = await serve({ path: '/t/{tenant}/in/' }, { stdout: {} }, [
      { mapping },
    ])
    expect((await post(`${url}/in/t/a%20b/in/x?tenant=forged`, 'x')).status).toBe(200)
    expect(JSON.parse(environment.stdout.text)).toEqual(['a b', '/in/t/a%20b/in/x'])
    expect((await post(`${url}/in/t/a/in`, 'x')).status).toBe(404)
  })

  test('says when to come again beyond its rate limit', async () => {
    const environment = testEnvironment({ name: 'in', clock: new SimulatedClock() })
    const spec = {
      input: { http_server: { rate_limit: 'few' } },
      output: { drop: {} },
      rate_limit_resources: [{ label: 'few', local: { count: 1, interval: '90s' } }],
    }
    pipelines.push(await started(spec, environment))
    const url = `${await shared(environment)}/in/post`
    expect((await post(url, 'x')).status).toBe(200)
    const { status, headers } = await post(url, 'x')
    expect([status, headers['retry-after']]).toEqual([429, '90'])
  })

  test('refuses what cannot be served, and says what it needs', async () => {
    const inspect = (http_server: object) =>
      inspectPipeline({ input: { http_server }, output: { drop: {} } })
    const faults = async (http_server: object): Promise<string[]> =>
      (await inspect(http_server)).problems.map(({ path }) => path.slice(2).join('.'))
    expect(await faults({ unheard_of: 1 })).toEqual(['unheard_of'])
    expect(await faults({ path: '' })).toEqual(['path'])
    expect(await faults({ path: 'x', ws_path: '/{a}/{a}' })).toEqual(['path', 'ws_path'])
    expect(await faults({ cert_file: 'c', key_file: 'k' })).toEqual(['cert_file', 'key_file'])
    expect(await faults({ address: ':80', cert_file: 'c' })).toEqual(['key_file'])
    expect(await faults({ cors: { enabled: true } })).toEqual(['cors'])
    expect(await faults({ tcp: { reuse_addr: false, reuse_port: false } })).toEqual([])
    expect(await faults({ tcp: { reuse_addr: true } })).toEqual(['tcp.reuse_addr'])
    expect(await faults({ tcp: { reuse_port: true } })).toEqual(['tcp.reuse_port'])
    expect(
      await faults({ sync_response: { metadata_headers: { include_patterns: ['('] } } }),
    ).toEqual(['sync_response.metadata_headers.include_patterns.0'])
    expect((await inspect({ address: '127.0.0.1' })).problems[0]?.message).toContain('host:port')
    const own = { address: '127.0.0.1:80', cert_file: 'c', key_file: 'k' }
    expect((await inspect(own)).needs.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'listener 127.0.0.1:80',
      'file c',
      'file k',
    ])
  })
})

describe('the responses of an http_server', () => {
  const upper = [{ mapping: 'root = content().uppercase()\nmeta "x-n" = content().string()' }]

  test('are what sync_response gives, with the headers that are chosen', async () => {
    const sync_response = {
      headers: { 'Content-Type': 'text/${! content() }' },
      metadata_headers: { include_prefixes: ['x-'] },
    }
    const { url } = await serve({ sync_response }, { sync_response: {} }, upper)
    const { text, headers } = await post(`${url}/in/post`, 'abc')
    expect([text, headers['content-type'], headers['x-n']]).toEqual(['ABC', 'text/ABC', 'abc'])
  })

  test('are the parts of one body when there are several, in the order in which they were given', async () => {
    const processors = [{ sync_response: {} }, ...upper, { sync_response: {} }]
    const { url, environment } = await serve({}, { stdout: {} }, processors)
    const { text, headers } = await post(`${url}/in/post`, 'abc')
    const parts = partMultipart(Buffer.from(text), boundaryOf(`${headers['content-type']}`) ?? '')
    expect(parts?.map((part) => Buffer.from(part).toString())).toEqual(['abc', 'ABC'])
    expect(environment.stdout.text).toBe('ABC\n')
  })

  test('outlive a branch and an archive, and are not given when the message is rejected', async () => {
    const branch = { processors: [{ mapping: 'root = "from the branch"' }, { sync_response: {} }] }
    const first = await serve({}, { drop: {} }, [{ branch }])
    expect((await post(`${first.url}/in/post`, 'x')).text).toBe('from the branch')
    const second = await serve({}, { sync_response: {} }, [{ archive: { format: 'lines' } }])
    expect((await post(`${second.url}/in/post`, 'x')).text).toBe('x')
    const third = await serve({}, { reject: 'no' }, [{ sync_response: {} }])
    expect((await post(`${third.url}/in/post`, 'x')).text).toBe('no')
  })

  test('are those of another server where http_client gives them back', async () => {
    await using server = await toldServer(({ body }) => ({ status: 200, body: `${body}!` }))
    const http_client = { url: server.url, propagate_response: true }
    const { url } = await serve({}, { http_client })
    expect((await post(`${url}/in/post`, 'x')).text).toBe('x!')
  })
})

describe('a listener of its own', () => {
  const certificate = testCertificate()
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headgate-server-'))
    await writeFile(join(directory, 'cert.pem'), certificate.cert)
    await writeFile(join(directory, 'key.pem'), certificate.key)
    await writeFile(join(directory, 'other.pem'), testCertificate().key)
  })
  afterAll(() => rm(directory, { recursive: true }))

  async function own(fields: object, more: object = {}): Promise<number> {
    const port = await freePort()
    const http_server = { address: `127.0.0.1:${port}`, ...fields }
    const environment = testEnvironment({ directory })
    pipelines.push(
      await started({ input: { http_server }, output: { drop: {} }, ...more }, environment),
    )
    return port
  }

  test('speaks TLS with its certificate, and says how', async () => {
    const mapping =
      'root = [@http_server_tls_version, @http_server_tls_cipher_suite, @http_server_tls_subject]'
    const port = await own(
      { cert_file: 'cert.pem', key_file: 'key.pem' },
      { pipeline: { processors: [{ mapping }, { sync_response: {} }] } },
    )
    const [status, text, { standardName }] = await new Promise<
      [number | undefined, string, { standardName: string }]
    >((resolve, reject) => {
      const options = { ca: certificate.cert, method: 'POST', maxVersion: 'TLSv1.2' as const }
      const request = sendSecurely(`https://localhost:${port}/post`, options, async (response) => {
        const cipher = (response.socket as TLSSocket).getCipher()
        const chunks: Uint8Array[] = []
        for await (const chunk of response) chunks.push(chunk)
        resolve([response.statusCode, Buffer.concat(chunks).toString(), cipher])
      })
      request.on('error', reject).end('x')
    })
    expect([status, JSON.parse(text)]).toEqual([200, ['TLSv1.2', standardName, '']])
    expect(standardName).toMatch(/^TLS_ECDHE_ECDSA_WITH_/)
  })

  test('lets no client say what only TLS can', async () => {
    const processors = [
      { mapping: 'root = metadata("http_server_tls_version").or("nothing")' },
      { sync_response: {} },
    ]
    const port = await own({}, { pipeline: { processors } })
    const forged = { http_server_tls_version: 'TLSv9', cookie: 'http_server_tls_version=TLSv9' }
    const url = `http://127.0.0.1:${port}/post?http_server_tls_version=TLSv9`
    expect((await post(url, 'x', forged)).text).toBe('nothing')
  })

  test('is refused where the key is not that of the certificate', async () => {
    await expect(own({ cert_file: 'cert.pem', key_file: 'other.pem' })).rejects.toThrow(
      'cannot be used',
    )
    await expect(own({ cert_file: 'none.pem', key_file: 'key.pem' })).rejects.toThrow('ENOENT')
  })

  test('lets the pages in that cors names, and no others', async () => {
    const cors = { enabled: true, allowed_origins: ['https://a.example'] }
    const url = `http://127.0.0.1:${await own({ cors })}/post`
    const asked = {
      origin: 'https://a.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-a',
    }
    const preflight = await post(url, '', asked, 'OPTIONS')
    expect(preflight.status).toBe(204)
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'x-a',
    })
    const { status, headers } = await post(url, 'x', { origin: 'https://a.example' })
    expect([status, headers['access-control-allow-origin']]).toEqual([200, 'https://a.example'])
    const other = await post(url, 'x', { origin: 'https://b.example' })
    expect(other.headers).not.toHaveProperty('access-control-allow-origin')
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** As a client that spells headers its own way and may stop in the middle of a body. */
function post(
  url: string,
  body: string,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<{ status: number | undefined; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers }, async (response) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of response) chunks.push(chunk)
      resolve({
        status: response.statusCode,
        text: Buffer.concat(chunks).toString(),
        headers: response.headers,
      })
      request.destroy()
    })
    request.on('error', reject)
    if (headers['content-length'] === undefined) request.end(body)
    else request.flushHeaders()
  })
}
