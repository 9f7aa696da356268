/** Many small pipelines in one process: from its start until all run, the memory, and the CPU while nothing happens. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLargeServer } from '../converge/large-server.ts'
import type { Row } from '../engine/row.ts'
import { temporaryDirectory } from '../engine/temporary-directory.ts'
import { round } from '../figures.ts'
import type { PipelinesLength } from './length.ts'

const START_MS_MAX = 5_000
const RSS_MIB_MAX = 300
/** After the sweep that follows a start. */
const REST_MS = 5_000
const IDLE_MS = 10_000
/** What the process costs without them, to measure against. */
const IDLE_SHARE_MAX = 0.01

export async function benchMany({ pipelines }: PipelinesLength): Promise<readonly Row[]> {
  const none = await measure(0)
  const many = await measure(pipelines)
  const idle = (many.idleMs - none.idleMs) / IDLE_MS
  return [
    {
      what: `${pipelines} small pipelines, from the start of the process until all run`,
      target: `≤ ${START_MS_MAX} ms`,
      figure: `${round(many.startMs, 0)} ms`,
      beside: `without any ${round(none.startMs, 0)} ms`,
      ratio: undefined,
      met: many.startMs <= START_MS_MAX,
      note: `CPU ${round(many.startCpuMs, 0)} ms`,
    },
    {
      what: 'their memory',
      target: `≤ ${RSS_MIB_MAX} MiB`,
      figure: `${round(many.rssMiB, 0)} MiB`,
      beside: `without any ${round(none.rssMiB, 0)} MiB`,
      ratio: undefined,
      met: many.rssMiB <= RSS_MIB_MAX,
      note: '',
    },
    {
      what: 'their CPU while idle',
      target: `≤ ${IDLE_SHARE_MAX * 100} % of a core`,
      figure: `${round(idle * 100, 2)} %`,
      beside: `without any ${round((none.idleMs / IDLE_MS) * 100, 2)} %`,
      ratio: undefined,
      met: idle <= IDLE_SHARE_MAX,
      note: '',
    },
  ]
}

interface Measured {
  readonly startMs: number
  readonly startCpuMs: number
  readonly rssMiB: number
  readonly idleMs: number
}

async function measure(count: number): Promise<Measured> {
  using directory = temporaryDirectory()
  const folder = join(directory.path, 'config')
  mkdirSync(folder)
  const documents = Array.from({ length: count }, (_, index) => pipelineText(index))
  for (let from = 0; from < count; from += 100) {
    writeFileSync(
      join(folder, `pipelines-${from}.yaml`),
      documents.slice(from, from + 100).join('---\n'),
    )
  }
  const startedMs = performance.now()
  const server = await openLargeServer({ folder, dataDirectory: join(directory.path, 'data') })
  try {
    for (;;) {
      const answer = await fetch(`${server.url}/readyz`)
      await answer.text()
      if (answer.ok) break
      await sleep(5)
    }
    const startMs = performance.now() - startedMs
    const startCpuMs = server.cpuMs()
    await sleep(REST_MS)
    const before = server.cpuMs()
    await sleep(IDLE_MS)
    return { startMs, startCpuMs, rssMiB: server.rssMiB(), idleMs: server.cpuMs() - before }
  } finally {
    await server[Symbol.asyncDispose]()
  }
}

function pipelineText(index: number): string {
  return `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: small-${index}}
spec:
  input: {http_server: {path: /in}}
  pipeline:
    processors:
      - mapping: root.n = this.n + ${index}
  output: {drop: {}}
`
}
