/**
 * Redpanda Connect's own walkthrough of its REST API, line by line, with curl and jq, against a server that was started as
 * a person starts it; Kafka is real, and Elasticsearch a node of ours. The ports are those of the walkthrough where they
 * are free; else they are mapped, and the test says so.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HeadgateProcess, until, up } from '../harness/headgate-process.ts'
import { type BulkServer, startBulkServer } from '../services/bulk-server.ts'
import { type KafkaBroker, startKafkaBroker } from '../services/kafka-broker.ts'
import { createTopic, produceTexts } from '../services/kafka-client.ts'
import { buildKafkaJars } from '../services/kafka-jars.ts'

const WALKTHROUGH = join(import.meta.dirname, 'connect-walkthrough.txt')
const PORTS = [4195, 9092, 9200] as const

interface Answer {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const folder = mkdtempSync(join(tmpdir(), 'headgate-walkthrough-'))
const commands = readCommands(readFileSync(WALKTHROUGH, 'utf8'))
const mapped = new Map<number, number>()
let server: HeadgateProcess
let broker: KafkaBroker
let cluster: BulkServer

beforeAll(async () => {
  for (const port of PORTS) mapped.set(port, await freePort(port))
  for (const [port, other] of mapped)
    if (port !== other)
      process.stderr.write(`port ${port} is taken; the walkthrough uses ${other}\n`)
  broker = await startKafkaBroker(buildKafkaJars(), portOf(9092))
  cluster = await startBulkServer(portOf(9200))
  server = await up({
    dataDirectory: join(folder, 'data'),
    workingDirectory: folder,
    listen: `127.0.0.1:${portOf(4195)}`,
  })
})

afterAll(async () => {
  await server?.kill()
  await cluster?.[Symbol.asyncDispose]()
  await broker?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

describe('the walkthrough', () => {
  it('adds a stream, lists it, and takes what is sent to it', async () => {
    expect(await run('add foo')).toBe('')
    expect(JSON.parse(await run('list foo'))).toEqual({ foo: ACTIVE })
    expect(await run('send to foo')).toBe('')
    const answer = await fetch(`${server.url}/foo/get`)
    expect(await answer.json()).toEqual({ id: 'foo', content: 'bar' })
  })

  it('adds another one that joins Kafka and Elasticsearch', async () => {
    await createTopic(broker.addresses.open, 'my_topic')
    expect(await run('add bar')).toBe('')
    expect(JSON.parse(await run('list both'))).toEqual({ bar: ACTIVE, foo: ACTIVE })
    await produceTexts(broker.addresses.open, 'my_topic', ['{"text":"carried"}'])
    await until('the document', () => cluster.documents.get('benthos_index')?.size || undefined)
    const [stored] = cluster.documents.get('benthos_index')?.values() ?? []
    // An object has no upper case: the message goes on as it is, flagged.
    expect(stored?.text).toBe('{"text":"carried"}')
    await until('both to be connected', async () => (await ready()) === 'OK' || undefined)
  })

  it('says which stream is not connected while the broker is away', async () => {
    await broker.kill()
    await until('the loss to show', async () => (await ready()) !== 'OK' || undefined)
    expect(await ready()).toBe('streams bar are not connected\n')
    await broker.start()
    await until('the connection', async () => (await ready()) === 'OK' || undefined)
  })

  it('shows a config, and that an update took its buffer away', async () => {
    const before = JSON.parse(await run('show foo'))
    expect(before).toEqual({
      ...ACTIVE,
      config: {
        input: { http_server: {} },
        buffer: { memory: {} },
        pipeline: { threads: 4, processors: [{ mapping: expect.stringContaining('root = {') }] },
        output: { http_server: {} },
      },
    })
    expect(await run('update foo')).toBe('')
    const { config } = JSON.parse(await run('show the updated foo'))
    expect(Object.keys(config).toSorted()).toEqual(['input', 'output', 'pipeline'])
  })

  it('deletes a stream', async () => {
    expect(await run('delete bar')).toBe('')
    expect(JSON.parse(await run('list without bar'))).toEqual({ foo: ACTIVE })
  })

  it('sets all streams at once, and those that are not among them are gone', async () => {
    expect(await run('set all')).toBe('')
    expect(JSON.parse(await run('list the set'))).toEqual({ bar: ACTIVE, baz: ACTIVE })
    expect((await fetch(`${server.url}/streams/foo`)).status).toBe(404)
    // A GET takes what there is, and gives nothing back if it breaks: so it is sent until it came through.
    await until('the text to come through both', async () => {
      const sent = await fetch(`${server.url}/baz/post`, { method: 'POST', body: 'through both' })
      expect(sent.status).toBe(200)
      return server.stdout().includes('through both\n') || undefined
    })
  })

  it('has run every command', () => {
    expect([...commands.keys()].filter((name) => !done.has(name))).toEqual([])
  })
})

const ACTIVE = {
  active: true,
  uptime: expect.any(Number),
  uptime_str: expect.stringMatching(/^([0-9]+h)?([0-9]+m)?[0-9.]+(s|ms|µs)$/),
}

const done = new Set<string>()

async function ready(): Promise<string> {
  const answer = await fetch(`${server.url}/ready`)
  return answer.text()
}

/** What a command of the walkthrough wrote. */
async function run(name: string): Promise<string> {
  const command = commands.get(name)
  if (command === undefined) throw new Error(`the walkthrough has no command ${name}`)
  done.add(name)
  const { status, stdout, stderr } = await shell(withPorts(command))
  if (status !== 0) throw new Error(`${command}\nended with ${status}:\n${stderr}`)
  return stdout
}

function shell(command: string): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    child.once('close', (status) => resolve({ status, ...output }))
  })
}

/** By name, in order. */
function readCommands(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const paragraph of text.split(/\n\n+/)) {
    const [, name, command] = /^# (.+)\n\$ ([\s\S]+)$/.exec(paragraph.trim()) ?? []
    if (name !== undefined && command !== undefined) found.set(name, `${command}\n`)
  }
  return found
}

function withPorts(command: string): string {
  return command.replaceAll(/localhost:([0-9]+)/g, (_, port) => `localhost:${portOf(Number(port))}`)
}

function portOf(port: number): number {
  return mapped.get(port) ?? port
}

/** The port itself where nobody listens on it. */
function freePort(port: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(freePort(0)))
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      const free = typeof address === 'object' && address !== null ? address.port : port
      probe.close(() => resolve(free))
    })
  })
}
