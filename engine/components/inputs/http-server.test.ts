import { createServer, type Server, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../pipelines/testing.ts'
import { BODY_BYTES_MAX } from '../http/request-body.ts'
import { started } from '../testing.ts'

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
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const handler = endpoints.handlers.get(path)
    if (handler === undefined) response.writeHead(404).end()
    else handler(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('the http_server input', () => {
  test('answers 200 once the message was delivered, and knows its request', async () => {
    const mapping =
      'root.said = content().string()\nroot.q = @q\nroot.tag = @"X-Tag"\nroot.verb = @http_server_verb\nroot.path = @http_server_request_path'
    const { url, environment } = await serve({}, { stdout: {} }, [{ mapping }])
    const headers = { 'X-Tag': 'blue', http_server_verb: 'forged' }
    const { status, text } = await post(`${url}/in/post?q=1`, 'hello', headers)
    expect([status, text]).toEqual([200, ''])
    expect(JSON.parse(environment.stdout.text)).toEqual({
      said: 'hello',
      q: '1',
      tag: 'blue',
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

  test('refuses other verbs, multipart bodies and what is declared too large', async () => {
    const { url } = await serve({ path: '/x', allowed_verbs: ['PUT'] })
    expect((await post(`${url}/in/x`, 'x')).status).toBe(405)
    const multipart = { 'content-type': 'multipart/form-data; boundary=b' }
    expect((await post(`${url}/in/x`, 'x', multipart, 'PUT')).status).toBe(415)
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

  test('refuses fields that it does not honour, and says what it needs', async () => {
    const inspect = (http_server: object) =>
      inspectPipeline({ input: { http_server }, output: { drop: {} } })
    for (const field of ['ws_path', 'cert_file', 'rate_limit', 'cors']) {
      const { problems } = await inspect({ [field]: 'x' })
      expect(problems[0]).toMatchObject({ path: ['input', 'http_server', field], at: 'key' })
    }
    expect((await inspect({ path: '/a/{id}' })).problems[0]?.message).toContain('path parameters')
    expect((await inspect({ address: '127.0.0.1' })).problems[0]?.message).toContain('host:port')
    expect((await inspect({ address: '127.0.0.1:80' })).needs).toEqual([
      { kind: 'listener', name: '127.0.0.1:80', path: ['input', 'http_server', 'address'] },
    ])
  })
})

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
