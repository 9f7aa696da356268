/**
 * What Prometheus scrapes. The hot paths count in plain numbers of their own; they are handed over when somebody asks.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client'
import type { FastifyInstance } from 'fastify'
import type { RedriveReport } from '../engine/dead-letters/redrive.ts'
import { lagsByGroup } from '../engine/pipelines/streams-behind.ts'
import type { MeasuredGroup, ShardLag } from '../engine/streams/group-lag.ts'
import { namespaceOf, type QuotaUse } from '../engine/streams/quotas.ts'
import type { StreamDescription } from '../engine/streams/streams.ts'
import { type MeasuresSource, registerEngineMetrics } from './engine-metrics.ts'
import { type FlowSample, flowMetricsText } from './flow-metrics.ts'
import { type PipelineSample, pipelineMetricsText } from './pipeline-metrics.ts'

/** Read at every scrape. */
export interface MetricsSource {
  readonly pipelines: () => readonly (PipelineSample & FlowSample)[]
  readonly streams: () => readonly StreamDescription[]
  readonly quotas: () => readonly QuotaUse[]
  readonly groups: () => Promise<readonly MeasuredGroup[]>
  readonly engine: MeasuresSource
  /** Microseconds since 1970. */
  readonly nowUs: () => number
}

const CONVERGENCE_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Of the process, and ours: what a config counts is not to stand among it. */
const OWN_NAME = /^(headgate|nodejs|process)_/

export class Metrics {
  readonly #registry = new Registry()
  readonly #convergence: Histogram
  readonly #redrives: Counter<'stream' | 'outcome'>
  readonly #source: MetricsSource
  /** Of this scrape: three gauges tell of them. */
  #groups: readonly MeasuredGroup[] = []

  constructor(source: MetricsSource) {
    this.#source = source
    collectDefaultMetrics({ register: this.#registry })
    registerEngineMetrics(this.#registry, source.engine)
    this.#convergence = new Histogram({
      name: 'headgate_convergence_seconds',
      help: 'From the look at a source to everything it asks for being carried out.',
      buckets: CONVERGENCE_BUCKETS_SECONDS,
      registers: [this.#registry],
    })
    this.#redrives = new Counter({
      name: 'headgate_redrive_letters_total',
      help: 'Dead letters that a redrive put back or looked at and held, by what became of them.',
      labelNames: ['stream', 'outcome'],
      registers: [this.#registry],
    })
    this.#gauge(source, 'headgate_stream_records', 'Records that a stream holds.', (s) => s.records)
    this.#gauge(source, 'headgate_stream_bytes', 'Bytes that a stream holds.', (s) => s.bytes)
    this.#gauge(
      source,
      'headgate_stream_oldest_record_seconds',
      'Since the oldest record of a stream arrived; nothing while it is empty.',
      (s) => oldestSeconds(s, source.nowUs()),
    )
    this.#lag('headgate_group_lag_records', 'Records not read yet.', (lag) => lag.records)
    this.#lag('headgate_group_lag_bytes', 'Bytes not read yet.', (lag) => lag.bytes)
    this.#lag(
      'headgate_group_lag_seconds',
      'Since the first record that is not read yet arrived; 0 when all are read.',
      (lag) => lag.seconds,
    )
    this.#namespaces('headgate_namespace_stored_bytes', 'Bytes that its streams hold.', () =>
      storedBytes(source.streams()),
    )
    this.#namespaces('headgate_namespace_quota_bytes', 'Bytes that its streams may hold.', () =>
      source.quotas().map(({ namespace, bytes }) => [namespace, bytes]),
    )
  }

  observeConvergence(seconds: number): void {
    this.#convergence.observe(seconds)
  }

  /** What became of the letters that somebody wanted to put back. */
  observeRedrive(stream: string, { rows }: RedriveReport): void {
    for (const { outcome, letters } of rows) this.#redrives.inc({ stream, outcome }, letters)
  }

  async text(): Promise<string> {
    this.#groups = await this.#source.groups()
    const own = await this.#registry.metrics()
    const isTaken = (name: string): boolean => OWN_NAME.test(name)
    const pipelines = this.#source.pipelines()
    const flow = flowMetricsText(pipelines, lagsByGroup(this.#groups))
    return own + flow + pipelineMetricsText(pipelines, isTaken)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #gauge(
    source: MetricsSource,
    name: string,
    help: string,
    countOf: (stream: StreamDescription) => number | undefined,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ['stream'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const stream of source.streams()) {
          const count = countOf(stream)
          if (count !== undefined) this.set({ stream: stream.name }, count)
        }
      },
    })
  }

  #lag(name: string, help: string, measureOf: (lag: ShardLag) => number | undefined): void {
    const groups = (): readonly MeasuredGroup[] => this.#groups
    new Gauge({
      name,
      help,
      labelNames: ['group', 'stream', 'shard'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const { group, shards } of groups()) {
          for (const lag of shards) {
            const value = measureOf(lag)
            const { stream, shard } = lag
            if (value !== undefined) this.set({ group, stream, shard: String(shard) }, value)
          }
        }
      },
    })
  }

  #namespaces(
    name: string,
    help: string,
    values: () => Iterable<readonly [namespace: string, value: number | undefined]>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ['namespace'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const [namespace, value] of values()) {
          if (value !== undefined) this.set({ namespace }, value)
        }
      },
    })
  }
}

function oldestSeconds({ shardStates }: StreamDescription, nowUs: number): number | undefined {
  const oldestUs = shardStates.reduce(
    (oldest, state) => Math.min(oldest, state.oldestUs ?? oldest),
    Number.POSITIVE_INFINITY,
  )
  if (oldestUs === Number.POSITIVE_INFINITY) return undefined
  return Math.max(0, nowUs - oldestUs) / 1_000_000
}

function storedBytes(streams: readonly StreamDescription[]): ReadonlyMap<string, number> {
  const stored = new Map<string, number>()
  for (const { name, bytes } of streams) {
    const namespace = namespaceOf(name)
    stored.set(namespace, (stored.get(namespace) ?? 0) + bytes)
  }
  return stored
}

export function serveMetrics(server: FastifyInstance, metrics: Metrics): void {
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
