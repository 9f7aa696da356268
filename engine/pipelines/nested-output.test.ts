import { expect, test } from 'vitest'
import { runToEnd, toldServer } from '../components/testing.ts'
import { testEnvironment } from './testing.ts'

test('messages that were made of one are told apart where an output told them apart', async () => {
  await using server = await toldServer(({ body }) => ({ status: body === '2' ? 500 : 200 }))
  const environment = testEnvironment()
  await runToEnd(
    {
      input: {
        generate: { count: 1, interval: '', mapping: 'root = [1, 2, 3]' },
        processors: [{ unarchive: { format: 'json_array' } }],
      },
      output: { fallback: [{ http_client: { url: server.url, retries: 0 } }, { stdout: {} }] },
    },
    environment,
  )
  expect(environment.stdout.text).toBe('2\n')
  expect(server.received.map(({ body }) => body)).toEqual(['1', '2', '3'])
})
