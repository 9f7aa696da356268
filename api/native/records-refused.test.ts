import { afterEach, describe, expect, test } from 'vitest'
import { openSpaceGate } from '../../engine/log/space-gate.ts'
import type { WriteGate } from '../../engine/log/write-gate.ts'
import type { Disk } from '../../engine/ports/disk.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { NamespaceQuotas, type Quota } from '../../engine/streams/quotas.ts'
import {
  openTestServer,
  streamRecord,
  type TestServer,
  type TestServerOptions,
} from '../testing.ts'

const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
})

async function serve(options: TestServerOptions): Promise<TestServer> {
  const server = await openTestServer(options)
  servers.push(server)
  await server.engine.streams.create(streamRecord('team/orders'))
  return server
}

function limited(quota: Quota): { readonly gate: WriteGate; readonly quotas: NamespaceQuotas } {
  // Time stands still, or the rate would depend on how fast the test runs.
  const quotas = new NamespaceQuotas(new Map([['team', quota]]), new SimulatedClock())
  return { gate: quotas, quotas }
}

const urlOf = ({ url }: TestServer): string =>
  `${url}/apis/headgate.dev/v1alpha1/namespaces/team/streams/orders/records`

function post(server: TestServer, data: string): Promise<Response> {
  return fetch(urlOf(server), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ records: [{ data: Buffer.from(data).toString('base64') }] }),
  })
}

/** Status, Retry-After, reason, and what the body says. */
async function told(response: Response): Promise<readonly unknown[]> {
  const body = (await response.json()) as { readonly reason?: string; readonly message?: string }
  return [response.status, response.headers.get('retry-after'), body.reason, body.message]
}

describe('appending over HTTP', () => {
  test('to a namespace that is full is refused with what to do, and reading goes on', async () => {
    const server = await serve(limited({ bytes: 1024 }))
    expect((await post(server, 'first')).status).toBe(200)
    expect(await told(await post(server, 'x'.repeat(2_000)))).toEqual([
      507,
      '5',
      'QuotaExceeded',
      expect.stringMatching(
        /^expected at most 1\.0 KiB in namespace team, got \d+ B stored and 2\.0 KiB more\nShorten the retention/,
      ),
    ])
    const read = (await (await fetch(urlOf(server))).json()) as { readonly records: unknown[] }
    expect(read.records).toHaveLength(1)
    expect((await post(server, 'small')).status).toBe(200)
  })

  test('faster than a namespace may is told when to come again', async () => {
    const server = await serve(limited({ bytesPerSecond: 1_000 }))
    expect((await post(server, 'x'.repeat(3_000))).status).toBe(200)
    const [status, retryAfter, reason] = await told(await post(server, 'x'))
    expect([status, reason]).toEqual([429, 'RateExceeded'])
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(2)
  })

  test('while the disk is nearly full is refused, and taken again once there is room', async () => {
    const simulated = new SimulatedDisk(new SeededRandom(1))
    let freeBytes = 99
    const disk: Disk = {
      files: simulated.files,
      directories: {
        ...simulated.directories,
        space: async () => ({ freeBytes, totalBytes: 1_000 }),
      },
    }
    const options = { disk, directory: '/data', clock: realClock, logger: undefined }
    using gate = await openSpaceGate({ ...options, reserveBytes: 100 })
    const server = await serve({ gate })
    expect(await told(await post(server, 'x'))).toEqual([
      507,
      '5',
      'DiskFull',
      expect.stringMatching(/^expected more than 110 B free on the disk of \/data, got less/),
    ])
    expect((await fetch(urlOf(server))).status).toBe(200)
    freeBytes = 1_000
    await gate.look()
    expect((await post(server, 'x')).status).toBe(200)
  })

  test('is counted by namespace, beside what each may hold', async () => {
    const server = await serve(limited({ bytes: 1024 }))
    await server.engine.streams.create(streamRecord('other/orders'))
    await post(server, 'x')
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const [stored] = server.engine.streams.describe(['team/orders'])
    expect(text).toContain(`headgate_namespace_stored_bytes{namespace="team"} ${stored?.bytes}\n`)
    expect(text).toContain('headgate_namespace_stored_bytes{namespace="other"} 0\n')
    expect(text).toContain('headgate_namespace_quota_bytes{namespace="team"} 1024\n')
    expect(text).not.toContain('headgate_namespace_quota_bytes{namespace="other"}')
  })
})
