import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { declarationOf } from '../../controllers/testing.ts'
import { type ConnectServer, openConnectServer } from './testing.ts'

const SECRET = 'topsecret123'

let server: ConnectServer
beforeEach(async () => {
  server = await openConnectServer({
    env: { PORTVAR: '0', OTHERPORT: '4242', UP: '../../etc', SECRETVAR: SECRET },
    posted: [
      {
        ...declarationOf('connect', { type: 'api', location: 'api', atomic: true }),
        grants: {
          ...declarationOf('connect').grants,
          env: ['PORTVAR', 'OTHERPORT', 'UP', 'SECRETVAR'],
          listeners: ['127.0.0.1:0'],
          files: ['/tmp/granted'],
          declaredIn: 'headgate.yaml',
        },
      },
    ],
  })
})
afterEach(() => server[Symbol.asyncDispose]())

const post = (input: string, output = '{drop: {}}'): ReturnType<ConnectServer['call']> =>
  server.call('POST', '/streams/a', `input: ${input}\noutput: ${output}\n`)
const listening = (variable: string): string =>
  `{http_server: {address: "127.0.0.1:$\{${variable}}", path: /p}}`

describe('a grant is asked for what a config is with the values of its variables', () => {
  test('a listener whose port a variable tells is granted by its port', async () => {
    expect(await post(listening('PORTVAR'))).toMatchObject({ status: 200 })
  })

  test('a refusal names the text as it is written, and no value', async () => {
    const { status, text } = await post(listening('OTHERPORT'))
    expect(status).toBeGreaterThanOrEqual(400)
    expect(text).toContain('is not granted the listener 127.0.0.1:$' + '{OTHERPORT}')
    expect(text).not.toContain('4242')
  })

  test('a variable leads no path out of a granted root', async () => {
    const { text } = await post(
      '{generate: {mapping: root = 1}}',
      '{file: {path: "/tmp/granted/$' + '{UP}/x"}}',
    )
    expect(text).toContain('is not granted the file /tmp/granted/$' + '{UP}/x')
    expect(text).not.toContain('etc')
  })

  test('a default beside a granted variable needs no grant of its own', async () => {
    const generate = `{generate: {interval: 1h, mapping: 'root = "<$\{SECRETVAR}$\{NONE:def}>"'}}`
    expect(await post(generate)).toMatchObject({ status: 200 })
  })
})

describe('the value of a granted variable is in nothing that is said of a stream', () => {
  test('not in the refusal of a config', async () => {
    const { status, text } = await post(
      '{generate: {mapping: root = 1, interval: "$' + '{SECRETVAR}"}}',
    )
    expect(status).toBe(502)
    expect(text).toContain('got "***"')
    expect(text).not.toContain(SECRET)
  })

  test('not in what its ends say', async () => {
    const missing = await post('{file: {paths: ["/tmp/granted/$' + '{SECRETVAR}/none.txt"]}}')
    const ready = await server.call('GET', '/a/ready')
    expect(missing.text + ready.text).toContain('***')
    expect(missing.text + ready.text).not.toContain(SECRET)
  })
})

test('a reference stands without quotes within braces, as where it is filled in before parsing', async () => {
  const generate = '{generate: {mapping: "root = 1", count: $' + '{COUNT:1}, interval: 1h}}'
  expect(await post(generate)).toMatchObject({ status: 200 })
})
