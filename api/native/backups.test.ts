import { expect, test } from 'vitest'
import { HeadgateError } from '../../engine/error.ts'
import { openTestServer } from '../testing.ts'

const PATH = '/apis/headgate.dev/v1alpha1/backups'

async function post(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

test('a backup is made where the caller says, by its absolute path', async () => {
  const result = { id: 'e', streams: 2, segments: 3, records: 4, bytes: 5 }
  await using server = await openTestServer({
    backup: async (directory) => {
      if (directory === '/taken') throw new HeadgateError('BadRequest', 'it holds something')
      return { directory, ...result }
    },
  })
  expect(await post(server.url, { directory: '/backups/monday' })).toEqual({
    status: 201,
    body: {
      apiVersion: 'headgate.dev/v1alpha1',
      kind: 'Backup',
      directory: '/backups/monday',
      ...result,
    },
  })
  for (const directory of [undefined, 7, '', 'relative', '../x']) {
    expect(await post(server.url, { directory })).toMatchObject({ status: 400 })
  }
  expect(await post(server.url, { directory: '/taken' })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('it holds something') },
  })
})

test('a server in memory has nothing to back up', async () => {
  await using server = await openTestServer()
  expect(await post(server.url, { directory: '/backups/monday' })).toMatchObject({ status: 404 })
})
