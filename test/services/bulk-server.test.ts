/** The server that stands in for a cluster is one to the official client. */
import { Client } from '@elastic/elasticsearch'
import { expect, it } from 'vitest'
import { startBulkServer } from './bulk-server.ts'

it('takes, gives and counts documents', async () => {
  await using server = await startBulkServer()
  const client = new Client({ node: server.url })
  expect(await client.ping()).toBe(true)
  const first = await client.bulk({
    operations: [
      { index: { _index: 'orders', _id: '1' } },
      { total: 1 },
      { create: { _index: 'orders', _id: '2' } },
      { total: 2 },
      { update: { _index: 'orders', _id: '1' } },
      { doc: { paid: true } },
      { delete: { _index: 'orders', _id: '2' } },
      { delete: { _index: 'orders', _id: '3' } },
    ],
  })
  const statuses = first.items.map((item) => Object.values(item)[0]?.status)
  expect(statuses).toEqual([201, 201, 200, 200, 404])
  const { _source } = await client.get({ index: 'orders', id: '1' })
  expect(_source).toEqual({ total: 1, paid: true })
  expect((await client.count({ index: 'orders' })).count).toBe(1)
  await expect(client.get({ index: 'orders', id: '9' })).rejects.toMatchObject({ statusCode: 404 })
})

it('refuses a document among others, and everything when it is told to', async () => {
  await using server = await startBulkServer()
  const client = new Client({ node: server.url, maxRetries: 0 })
  server.judge = ({ total }) =>
    typeof total === 'number'
      ? undefined
      : { status: 400, type: 'document_parsing_exception', reason: 'failed to parse field' }
  const { errors, items } = await client.bulk({
    operations: [
      { index: { _index: 'a' } },
      { total: 'many' },
      { index: { _index: 'a' } },
      { total: 1 },
    ],
  })
  expect(errors).toBe(true)
  expect(items.map(({ index }) => index?.error?.type)).toEqual([
    'document_parsing_exception',
    undefined,
  ])
  server.status = 503
  await expect(client.bulk({ operations: [] })).rejects.toMatchObject({ statusCode: 503 })
})
