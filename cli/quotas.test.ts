import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { headgate, up } from '../test/harness/headgate-process.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headgate-quotas-'))
  mkdirSync(join(root, 'config'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (name: string, text: string): void => writeFileSync(join(root, name), text)

test('a quota of headgate.yaml is kept over a restart, shown, and told to those who write', async () => {
  write('headgate.yaml', 'quotas:\n  default: {bytes: 1KiB}\n')
  write(
    'config/orders.yaml',
    'apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata:\n  name: orders\n',
  )
  const start = () =>
    up({
      folder: join(root, 'config'),
      dataDirectory: join(root, 'data'),
      workingDirectory: root,
      arguments: ['--config', join(root, 'headgate.yaml')],
    })
  const post = (url: string, length: number): Promise<Response> =>
    fetch(`${url}/apis/headgate.dev/v1alpha1/namespaces/default/streams/orders/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ records: [{ data: Buffer.alloc(length).toString('base64') }] }),
    })
  {
    await using server = await start()
    expect((await post(server.url, 800)).status).toBe(200)
  }
  await using server = await start()
  const refused = await post(server.url, 500)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([507, '5'])
  const stream = await fetch(
    `${server.url}/apis/headgate.dev/v1alpha1/namespaces/default/streams/orders`,
  )
  const { status } = (await stream.json()) as {
    status: { bytes: number; quota: unknown; conditions: readonly unknown[] }
  }
  expect(status.quota).toEqual({ bytes: 1024, usedBytes: status.bytes })
  expect(status.conditions).toMatchObject([
    { type: 'Ready', status: 'False', reason: 'QuotaExceeded' },
    { type: 'QuotaPressure', status: 'True', reason: 'QuotaExceeded' },
  ])
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain('headgate_namespace_quota_bytes{namespace="default"} 1024\n')
  expect(metrics).toContain(
    `headgate_namespace_stored_bytes{namespace="default"} ${status.bytes}\n`,
  )
})

test('a quota that is wrong is shown in its place before anything is started', async () => {
  write('headgate.yaml', 'quotas:\n  default: {byte: 1KiB}\n')
  const { status, stderr } = await headgate(['up', '--config', join(root, 'headgate.yaml')])
  expect(status).toBe(2)
  expect(
    stderr,
  ).toContain(`headgate.yaml:2:13: schema: there is no field byte in quotas.default [FieldUnknown]
2 |   default: {byte: 1KiB}
  |             ^^^^
  hint: did you mean bytes?`)
})
