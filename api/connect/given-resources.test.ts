/** Resources that files give at the start: for all streams, and nobody else's to change. */
import { afterEach, expect, test } from 'vitest'
import { type ConnectServer, openConnectServer } from './testing.ts'

const servers: ConnectServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
})

async function started(resources: Record<string, unknown[]>): Promise<ConnectServer> {
  const server = await openConnectServer({ resources, env: { HIDDEN: 'seen' } })
  servers.push(server)
  return server
}

const USING = [
  'input: {generate: {mapping: root = "a", interval: "", count: 3}}',
  'pipeline: {processors: [{resource: once}]}',
  'output: {resource: nowhere}',
].join('\n')

test('are used by streams, and by each other, with all that the process has', async () => {
  const server = await started({
    output_resources: [{ label: 'nowhere', drop: {} }],
    processor_resources: [
      { label: 'once', dedupe: { cache: 'seen', key: '$' + '{HIDDEN}-$' + '{! content() }' } },
    ],
    cache_resources: [{ label: 'seen', memory: {} }],
  })
  expect(await server.call('POST', '/streams/a', USING)).toMatchObject({ status: 200, text: '' })
  const sent = 'output_sent{label="nowhere",path="root.output_resources",stream=""}'
  await expect.poll(async () => JSON.parse((await server.call('GET', '/stats')).text)[sent]).toBe(1)
})

test('are not replaced through the API, which says where they are written', async () => {
  const server = await started({ cache_resources: [{ label: 'seen', memory: {} }] })
  expect(await server.call('POST', '/resources/cache/seen', 'lru: {}')).toMatchObject({
    status: 400,
    text: 'Error: the cache seen is given by a file of --resources: edit that instead\n',
  })
  expect(await server.call('POST', '/resources/cache/other', 'memory: {}')).toMatchObject({
    status: 200,
  })
})

test.each([
  [{ cache_resources: [{ label: 'a', nope: {} }] }, '--resources: cache_resources.0'],
  [{ cache_resources: [{ memory: {} }] }, 'label'],
  [{ processor_resources: [{ label: 'a', dedupe: { cache: 'b', key: 'k' } }] }, '"b"'],
])('that are wrong let nothing start: %j', async (resources, text) => {
  await expect(openConnectServer({ resources })).rejects.toMatchObject({
    code: 'Usage',
    message: expect.stringContaining(text),
  })
})
