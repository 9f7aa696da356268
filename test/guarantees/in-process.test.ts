/** Every input × processor × output in one process, once undisturbed and once closed by force in the middle. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reached, started } from '../../engine/components/testing.ts'
import type { Engine } from '../../engine/engine.ts'
import { inspectPipeline } from '../../engine/pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../../engine/pipelines/pipeline.ts'
import { createStream, memory, readAll } from '../../engine/pipelines/stream-testing.ts'
import { testEnvironment } from '../../engine/pipelines/testing.ts'
import {
  messagesIn,
  OUTPUTS,
  type OutputCase,
  type Places,
  PROCESSORS,
  type ProcessorCase,
} from './cases.ts'
import { createSource, IDS, SOURCES, type SourceCase } from './sources.ts'
import { type UnreliableServer, unreliableServer } from './unreliable-server.ts'
import { type Arrived, expectGuarantee } from './verdict.ts'

/** Turns of the event loop before a pipeline is closed by force: from before anything was read to nearly done. */
const RESTARTS = [1, 4, 12]

let server: UnreliableServer
let directory: string
let cells = 0

beforeAll(async () => {
  server = await unreliableServer()
  directory = mkdtempSync(join(tmpdir(), 'headgate-guarantees-'))
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

interface Cell {
  readonly source: SourceCase
  readonly processor: ProcessorCase
  readonly output: OutputCase
}

for (const source of SOURCES) {
  describe.concurrent(`from ${source.name}`, () => {
    for (const [row, processor] of PROCESSORS.entries()) {
      test(`processors that ${processor.name} lose nothing, whatever the output does`, async () => {
        await Promise.all(OUTPUTS.map((output) => runCell({ source, processor, output }, [])))
      })
      if (!source.survives) continue
      test(`processors that ${processor.name} lose nothing when they are closed by force`, async () => {
        const outputs = OUTPUTS.filter((_, column) => (row + column) % 3 === 0)
        await Promise.all(outputs.map((output) => runCell({ source, processor, output }, RESTARTS)))
      })
    }
  })
}

async function runCell({ source, processor, output }: Cell, restarts: readonly number[]) {
  cells += 1
  const cell = `${cells}`
  const places: Places = {
    place: (mishap) => `${server.url}/${cell}/${mishap}`,
    stream: 'target',
    file: join(directory, `out-${cell}.jsonl`),
  }
  const own = mkdtempSync(join(directory, 'cell-'))
  const spec = {
    input: source.input({ directory: own }),
    pipeline: processor.pipeline,
    output: output.output(places),
    ...(processor.strict === true ? { error_handling: { strict: true } } : {}),
  }
  await using engine = memory()
  await createSource(engine)
  await createStream(engine, 'target', 2)
  const environment = testEnvironment({ engine })
  let running = await started(spec, environment)
  const isAtEnd = source.feed({ engine, directory: own, environment, running: () => running })
  for (const turns of restarts) running = await restart(running, turns, spec, environment)
  if (restarts.length > 0 && source.name === 'file') await reached(running, 'completed')
  else await isAtEnd
  expectGuarantee(await arrivals(output, places, engine, cell), IDS, {
    processor,
    output,
    exact: source.transactional === true && output.exact === true,
  })
  await running.stop(1_000)
}

async function restart(
  running: Pipeline,
  turns: number,
  spec: object,
  environment: Parameters<typeof started>[1],
): Promise<Pipeline> {
  for (let turn = 0; turn < turns; turn++) await setImmediate()
  if (running.state().phase === 'completed') return running
  await running.stop(0)
  return started(spec, environment)
}

async function arrivals(
  { mishaps, stream, file }: OutputCase,
  places: Places,
  engine: Engine,
  cell: string,
): Promise<readonly Arrived[]> {
  const records = stream ? await readAll(engine, 'target') : []
  return [
    ...mishaps.map((mishap) => ({
      sink: mishap,
      messages: messagesIn(server.taken(`/${cell}/${mishap}`)),
    })),
    ...(stream
      ? [{ sink: 'stream', messages: messagesIn(records.map(({ data }) => String(data))) }]
      : []),
    ...(file ? [{ sink: 'file', messages: messagesIn([readFileSync(places.file, 'utf8')]) }] : []),
  ]
}

describe('the status', () => {
  test('says exactly-once where it is, and why it is not elsewhere', async () => {
    const places: Places = { place: () => server.url, stream: 'target', file: 'out.jsonl' }
    for (const source of SOURCES) {
      for (const output of OUTPUTS) {
        const { atLeastOnceBecause } = await inspectPipeline({
          input: source.input({ directory }),
          output: output.output(places),
        })
        const isExact = source.transactional === true && output.exact === true
        expect({ source: source.name, output: output.name, atLeastOnceBecause }).toEqual({
          source: source.name,
          output: output.name,
          atLeastOnceBecause: isExact ? undefined : expect.any(String),
        })
      }
    }
  })
})
