/** The paths of `dynamic` components ask whether the caller may, as every handler does. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import type { AccessTarget, Right } from '../../access/decide.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { started } from '../testing.ts'

const asked: (readonly [Right, AccessTarget])[] = []
vi.mock('../../access/decide.ts', async (original) => ({
  ...(await original()),
  decide: (_principal: unknown, right: Right, target: AccessTarget) => {
    asked.push([right, target])
    return { allowed: right === 'Read', reason: 'no policy gives it' }
  },
}))

test('inputs are shown to who may read the pipeline, and changed by who may write it', async () => {
  const environment = testEnvironment()
  const spec = { input: { dynamic: {} }, output: { drop: {} } }
  const pipeline = await started(spec, environment)
  const server = createServer((request, response) => {
    const { handlers } = environment.endpoints
    const path = request.url ?? ''
    const key = [...handlers.keys()].find((one) => one.endsWith('/') && path.startsWith(one))
    handlers.get(key ?? '')?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/test/inputs/a`
  const ask = async (method: string): Promise<readonly [number, string]> => {
    const response = await fetch(url, { method, ...(method === 'POST' ? { body: '{}' } : {}) })
    return [response.status, await response.text()]
  }
  const refused = [403, 'Error: Write on Pipeline default/test: no policy gives it\n']
  expect(await ask('POST')).toEqual(refused)
  expect(await ask('DELETE')).toEqual(refused)
  expect((await ask('GET'))[0]).toBe(404)
  const target = { kind: 'Pipeline', namespace: 'default', name: 'test' }
  expect(asked).toEqual([
    ['Write', target],
    ['Write', target],
    ['Read', target],
  ])
  await pipeline.stop(1_000)
  server.closeAllConnections()
  server.close()
})
