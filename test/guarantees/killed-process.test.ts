/** A real process with many pipelines that is killed again and again while they deliver: nothing is lost. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { API_VERSION } from '../../crds/resource.ts'
import { type HeadgateProcess, until, up } from '../harness/headgate-process.ts'
import { readStream } from '../harness/native-client.ts'
import { messagesIn, OUTPUTS, type OutputCase, PROCESSORS, type ProcessorCase } from './cases.ts'
import { IDS } from './sources.ts'
import { type UnreliableServer, unreliableServer } from './unreliable-server.ts'
import { type Arrived, expectGuarantee } from './verdict.ts'

const BASE = '/apis/headgate.dev/v1alpha1/namespaces/default'
const KILLS = 3
const KILLED_OUTPUTS = ['one that dies', 'a stream', 'a file', 'a fallback', 'a broker to all']
const ROUND_MS_MAX = 60_000

interface Cell {
  readonly name: string
  readonly source: 'stream' | 'file'
  readonly processor: ProcessorCase
  readonly output: OutputCase
}

/** Each processor meets each output once, and both inputs each of them. */
const CELLS: readonly Cell[] = PROCESSORS.flatMap((processor, row) =>
  OUTPUTS.filter(({ name }) => KILLED_OUTPUTS.includes(name)).map((output, column) => ({
    name: `c${row}-${column}`,
    source: (row + column) % 3 === 0 ? 'file' : 'stream',
    processor,
    output,
  })),
)

let directory: string
let server: UnreliableServer

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'headgate-killed-'))
  mkdirSync(join(directory, 'set'))
  server = await unreliableServer()
  const lines = IDS.map((id) => JSON.stringify({ id })).join('\n')
  writeFileSync(join(directory, 'in.jsonl'), lines)
  const streams = ['source', ...CELLS.map(({ name }) => name)].map((name) => ({
    apiVersion: API_VERSION,
    kind: 'Stream',
    metadata: { name },
    spec: { shards: 2 },
  }))
  const documents = [...streams, ...CELLS.map(pipelineOf)].map((one) => stringify(one))
  writeFileSync(join(directory, 'set', 'all.yaml'), documents.join('---\n'))
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

function pipelineOf({ name, source, processor, output }: Cell): object {
  const places = {
    place: (mishap: string) => `${server.url}/${name}/${mishap}`,
    stream: name,
    file: join(directory, `${name}.jsonl`),
  }
  return {
    apiVersion: API_VERSION,
    kind: 'Pipeline',
    metadata: { name },
    spec: {
      input:
        source === 'stream'
          ? { stream: { name: 'source' } }
          : { file: { paths: [join(directory, 'in.jsonl')] } },
      pipeline: processor.pipeline,
      output: output.output(places),
      ...(processor.strict === true ? { error_handling: { strict: true } } : {}),
    },
  }
}

function start(): Promise<HeadgateProcess> {
  return up({ folder: join(directory, 'set'), dataDirectory: join(directory, 'data') })
}

async function append(url: string, ids: readonly number[]): Promise<void> {
  const records = ids.map((id) => ({ key: String(id % 7), value: { id } }))
  const response = await fetch(`${url}${BASE}/streams/source/records`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ records }),
  })
  expect([response.status, response.status < 300 ? '' : await response.text()]).toEqual([
    response.status < 300 ? response.status : 200,
    '',
  ])
}

async function arrivals(url: string, { name, output }: Cell): Promise<readonly Arrived[]> {
  const file = join(directory, `${name}.jsonl`)
  const records = output.stream ? await readStream(url, name) : []
  return [
    ...output.mishaps.map((mishap) => ({
      sink: mishap,
      messages: messagesIn(server.taken(`/${name}/${mishap}`)),
    })),
    ...(output.stream ? [{ sink: 'stream', messages: messagesIn(records.map(payloadOf)) }] : []),
    ...(output.file
      ? [
          {
            sink: 'file',
            messages: messagesIn([existsSync(file) ? readFileSync(file, 'utf8') : '']),
          },
        ]
      : []),
  ]
}

/** JSON is told as a value, anything else as base64. */
function payloadOf({ value, data }: { readonly value?: unknown; readonly data?: string }): string {
  return data === undefined ? JSON.stringify(value) : Buffer.from(data, 'base64').toString()
}

async function hasArrived(url: string, cell: Cell): Promise<boolean> {
  try {
    verdict(await arrivals(url, cell), cell)
    return true
  } catch {
    return false
  }
}

function verdict(arrived: readonly Arrived[], { source, processor, output }: Cell): void {
  const exact = source === 'stream' && output.exact === true
  expectGuarantee(arrived, IDS, { processor, output, exact })
}

test(
  'a process that is killed while it delivers loses nothing, and repeats nothing between streams',
  async () => {
    let running = await start()
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        await append(
          running.url,
          IDS.filter((id) => id % KILLS === kill),
        )
        const before = server.total
        await until('something to be delivered', () => server.total > before || undefined)
        await running.kill()
        running = await start()
      }
      const left = new Set(CELLS)
      await until('all to be delivered', async () => {
        for (const cell of left) if (await hasArrived(running.url, cell)) left.delete(cell)
        return left.size === 0 || undefined
      }).catch(() => undefined)
      for (const cell of CELLS) verdict(await arrivals(running.url, cell), cell)
      await expectStatus(running.url)
    } finally {
      await running.kill()
    }
  },
  2 * ROUND_MS_MAX,
)

async function expectStatus(url: string): Promise<void> {
  for (const { name, source, output } of CELLS) {
    const object = (await (await fetch(`${url}${BASE}/pipelines/${name}`)).json()) as {
      readonly status: { readonly delivery: string }
    }
    const exact = source === 'stream' && output.exact === true
    expect({ name, delivery: object.status.delivery }).toEqual({
      name,
      delivery: exact ? 'exactly-once' : 'at-least-once',
    })
  }
}
