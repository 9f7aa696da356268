import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, until, up } from '../test/harness/headgate-process.ts'

const STREAMS = ['orders', 'clean', 'failed']
  .map(
    (name) => `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: ${name}}
spec: {shards: 2, deletionPolicy: Delete}
`,
  )
  .join('---\n')

const pipeline = (mapping: string): string => `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: clean}
spec:
  input: {stream: {name: orders}}
  pipeline:
    processors:
      - mapping: ${mapping}
  output:
    dead_letter:
      stream: failed
      output: {stream: {name: clean, key: '\${! @headgate_key }'}}
`

let folder: string
let server: HeadgateProcess

const start = (): Promise<HeadgateProcess> =>
  up({ folder, dataDirectory: join(folder, '.data'), arguments: ['--prune-settle', '10ms'] })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-redrive-'))
  writeFileSync(join(folder, 'streams.yaml'), STREAMS)
  writeFileSync(join(folder, 'clean.yaml'), pipeline('root.amount = this.amount.number()'))
  server = await start()
})
afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const run = (...args: readonly string[]): ReturnType<typeof headgate> =>
  headgate([...args, '--server', server.url])

interface Redrive {
  readonly redriven: number
  readonly open: number
  readonly letters: readonly { readonly outcome: string; readonly letters: number }[]
}

async function redrive(body: object): Promise<Redrive> {
  const path = '/apis/headgate.dev/v1alpha1/namespaces/default/streams/failed/redrive'
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  return (await (await fetch(`${server.url}${path}`, init)).json()) as Redrive
}

interface Read {
  readonly key: string
  readonly value: unknown
  readonly headers: Readonly<Record<string, string>>
}

async function records(stream: string): Promise<readonly Read[]> {
  const shards = [0, 1].map(async (shard) => {
    const base = `${server.url}/apis/headgate.dev/v1alpha1/namespaces/default/streams/${stream}`
    const read: Read[] = []
    let from = 'earliest'
    for (;;) {
      const answer = await fetch(`${base}/records?shard=${shard}&limit=10000&from=${from}`)
      const page = (await answer.json()) as { records: Read[]; next: string }
      if (page.records.length === 0) return read
      read.push(...page.records)
      from = page.next
    }
  })
  return (await Promise.all(shards)).flat()
}

const open = (letters: number): Promise<true> =>
  until(`${letters} open letters`, async () =>
    (await redrive({ dryRun: true })).open === letters ? true : undefined,
  )

describe('redrive', () => {
  test('brings poison back until its attempts are used up, and delivers it once mended', async () => {
    await run('produce', 'orders', '--key', 'a', '{"amount":1}', '{"amount":"two"}')
    await run('produce', 'orders', '--key', 'b', '{"amount":"three"}', '{"amount":4}')
    await open(2)
    const described = await run('describe', 'stream', 'failed')
    const look = 'headgate redrive failed --dry-run tells why'
    expect(described.stdout).toContain(`Dead letters\n  Open:   2; ${look}\n`)
    expect((await run('describe', 'stream', 'orders')).stdout).not.toContain('Dead letters')
    const dry = await run('redrive', 'failed', '--dry-run')
    expect(dry.stdout).toMatch(/^WHAT\s+LETTERS\s+STREAM\s+COMPONENT\s+REASON\n/)
    expect(dry.stdout).toMatch(
      /^back\s+2\s+orders\s+root\.pipeline\.processors\.0\s+.*expected number/m,
    )
    expect(dry.stderr).toBe('2 dead letters of 2 would go back; this was a dry run\n')
    for (let attempt = 1; attempt < 5; attempt++) {
      await until(`attempt ${attempt}`, async () => {
        const letters = await records('failed')
        const counted = letters.filter(
          ({ headers }) => headers['headgate-attempt'] === String(attempt),
        )
        return counted.length === 2 ? true : undefined
      })
      expect(await redrive({})).toMatchObject({ redriven: 2 })
    }
    await open(2)
    const held = await run('redrive', 'failed')
    expect(held.stderr).toBe('put back 0 dead letters, 2 left open\n')
    expect(held.stdout).toMatch(/^held: too many attempts\s+2\s+orders/m)
    writeFileSync(join(folder, 'clean.yaml'), pipeline('root.amount = this.amount'))
    await until('the mended pipeline', async () => {
      const { stdout } = await run('get', 'pipeline', 'clean', '-o', 'json')
      const { metadata, status } = JSON.parse(stdout)
      return metadata.generation === 2 && status.observedGeneration === 2 ? true : undefined
    })
    const mended = await run('redrive', 'failed', '--attempts', '6', '--limit', '1')
    expect(mended.stderr).toBe('put back 1 dead letter, 1 left open\n')
    const last = await run('redrive', 'failed', '--attempts', '6', '--filter', 'this.amount != ""')
    expect(last).toMatchObject({ status: 0, stderr: 'put back 1 dead letter, none is open\n' })
    const clean = await until('all four', async () => {
      const all = await records('clean')
      return all.length >= 4 ? all : undefined
    })
    expect(clean.map(({ key, value }) => `${key} ${JSON.stringify(value)}`).sort()).toEqual([
      'a {"amount":"two"}',
      'a {"amount":1}',
      'b {"amount":"three"}',
      'b {"amount":4}',
    ])
    expect((await records('failed')).map(({ key }) => key).sort()).toEqual(
      ['a', 'b'].flatMap((key) => Array.from({ length: 5 }, () => key)).concat(),
    )
  })

  test('says what is wrong with a filter or a stream', async () => {
    const filter = await run('redrive', 'failed', '--filter', 'this.')
    expect(filter).toMatchObject({ status: 1, stderr: expect.stringContaining('line 1') })
    const gone = await run('redrive', 'fialed')
    expect(gone).toMatchObject({ status: 1, stderr: expect.stringContaining('not found') })
  })

  test('says what was put back before a server fails', async () => {
    const answer = { redriven: 5_000, stayed: 0, open: 9, letters: [], rest: { 0: 9 } }
    let asked = 0
    const failing = createServer((_, response) => {
      asked += 1
      response.setHeader('content-type', 'application/json')
      response.statusCode = asked === 1 ? 200 : 500
      response.end(JSON.stringify(asked === 1 ? answer : { message: 'out of order' }))
    }).listen(0, '127.0.0.1')
    await once(failing, 'listening')
    const url = `http://127.0.0.1:${(failing.address() as AddressInfo).port}`
    const { status, stderr } = await headgate(['redrive', 'failed', '--server', url])
    failing.close()
    expect(status).toBe(1)
    expect(stderr).toMatch(/^put back 5000 dead letters, and then it failed\nerror: .*out of order/)
  })

  test('a server that is killed in the middle puts nothing back twice and loses nothing', async () => {
    const before = (await records('clean')).length
    const total = 20_000
    const path = '/apis/headgate.dev/v1alpha1/namespaces/default/streams/failed/records'
    for (let first = 0; first < total; first += 5_000) {
      const letters = Array.from({ length: 5_000 }, (_, index) => ({
        key: `k${first + index}`,
        headers: {
          'headgate-reason': 'was away',
          'headgate-component': 'root.output',
          'headgate-stream': 'orders',
        },
        value: { amount: first + index, note: 'x'.repeat(400) },
      }))
      const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const body = JSON.stringify({ records: letters })
      expect((await fetch(`${server.url}${path}`, { ...init, body })).status).toBe(200)
    }
    const odd = { filter: 'this.amount % 2 == 1' }
    const orders = `${server.url}/apis/headgate.dev/v1alpha1/namespaces/default/streams/orders`
    const first = fetch(`${orders}/records?shard=0&from=latest&limit=1&waitMs=60000`)
    const killed = redrive(odd).catch(() => undefined)
    await first
    await server.kill()
    await killed
    server = await start()
    await redrive(odd)
    const rest = JSON.parse((await run('redrive', 'failed', '-o', 'json')).stdout)
    expect(rest).toMatchObject({ redriven: total / 2, open: 0, letters: [{ letters: total / 2 }] })
    expect(rest.rest).toBeUndefined()
    const described = await run('describe', 'stream', 'failed')
    expect(described.stdout).toContain('Dead letters\n  Open:   none\n')
    const clean = await until('all of them', async () => {
      const all = await records('clean')
      return all.length >= before + total ? all : undefined
    })
    expect(clean).toHaveLength(before + total)
    const keys = clean.map(({ key }) => key).filter((key) => key.startsWith('k'))
    expect(new Set(keys).size).toBe(total)
  })
})
