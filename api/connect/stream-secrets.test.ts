import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ConnectServer, openConnectServer } from './testing.ts'

let server: ConnectServer
beforeEach(async () => {
  server = await openConnectServer()
})
afterEach(() => server[Symbol.asyncDispose]())

const call: ConnectServer['call'] = (...given) => server.call(...given)
const configOf = async (id: string): Promise<unknown> =>
  JSON.parse((await call('GET', `/streams/${id}`)).text).config

describe('a stream whose config is read, edited and written back', () => {
  const LOGIN = 'http://u:hunter2@127.0.0.1:1/'
  const output = (headers: string, url = LOGIN): string =>
    `output: {http_client: {url: "${url}", headers: {${headers}}}}\n`
  const input = 'input: {generate: {mapping: "root = 1", interval: 1h}}\n'
  const storedOutput = (): unknown => (server.built.get('a') as { output: unknown }).output

  test('keeps its secrets, through PUT, PATCH and the set', async () => {
    await call('POST', '/streams/a', input + output('Authorization: hunter3, X-Key: k'))
    const kept = { url: LOGIN, headers: { Authorization: 'hunter3', 'X-Key': 'other' } }
    const shown = JSON.stringify(await configOf('a'))
    expect(shown).not.toContain('hunter')
    const edited = shown.replace('"k"', '"other"')
    expect(await call('PUT', '/streams/a', edited)).toMatchObject({ status: 200 })
    expect(storedOutput()).toEqual({ http_client: kept })
    const part = 'output: {http_client: {headers: {Authorization: "***"}}}'
    expect(await call('PATCH', '/streams/a', part)).toMatchObject({ status: 200 })
    expect(storedOutput()).toEqual({ http_client: kept })
    expect(await call('POST', '/streams', `{"a": ${edited}}`)).toMatchObject({ status: 200 })
    expect(storedOutput()).toEqual({ http_client: kept })
  })

  test('is refused where a mask stands for nothing', async () => {
    const place = 'output.http_client.headers.Authorization'
    const text = expect.stringContaining(`field ${place}: expected a secret, got its mask`)
    const body = input + output('Authorization: "***"', 'http://127.0.0.1:1/')
    expect(await call('POST', '/streams/a', body)).toMatchObject({ status: 400, text })
    await call('POST', '/streams/a', input + output('', LOGIN))
    expect(await call('PUT', '/streams/a', body)).toMatchObject({ status: 400, text })
    const set = JSON.stringify({ a: { output: { http_client: { url: 'x', token: '***' } } } })
    expect(await call('POST', '/streams', set)).toMatchObject({ status: 400 })
    const moved = input + output('', 'http://***@elsewhere:1/')
    expect(await call('PUT', '/streams/a', moved)).toMatchObject({
      status: 400,
      text: expect.stringContaining('field output.http_client.url: '),
    })
    expect(storedOutput()).toMatchObject({ http_client: { url: LOGIN } })
  })

  test('shows what is nothing but references', async () => {
    const given = 'Authorization: "$' + '{A:}$' + '{B:x|base64decode}"'
    await call('POST', '/streams/a?chilled=true', input + output(given))
    expect(JSON.stringify(await configOf('a'))).toContain('base64decode')
  })
})
