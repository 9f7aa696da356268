/** What the engine tells of itself, for Prometheus. */
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client'
import type { DurationCounts, EngineMeasures } from '../engine/measures.ts'

/** Undefined where there is nothing to measure. */
export type MeasuresSource = () => EngineMeasures | undefined

type Measured<Value> = (measures: EngineMeasures) => Value

const HISTOGRAMS: readonly (readonly [string, string, Measured<DurationCounts>])[] = [
  [
    'headgate_engine_append_seconds',
    'From the submission of a write to its acknowledgement.',
    (measures) => measures.appendSeconds,
  ],
  [
    'headgate_engine_sync_seconds',
    'Syncs of the journal, which acknowledgements wait for.',
    (measures) => measures.syncSeconds,
  ],
  [
    'headgate_engine_checkpoint_seconds',
    'Checkpoints, which run beside the writes.',
    (measures) => measures.checkpointSeconds,
  ],
]

const GAUGES: readonly (readonly [string, string, Measured<number>])[] = [
  ['headgate_engine_queued_writes', 'Writes that wait.', (measures) => measures.queuedRequests],
  [
    'headgate_engine_queued_bytes',
    'Bytes of writes that wait.',
    (measures) => measures.queuedBytes,
  ],
  [
    'headgate_engine_journal_used_bytes',
    'Bytes of the journal that no checkpoint holds.',
    (measures) => measures.journalUsedBytes,
  ],
  [
    'headgate_engine_journal_capacity_bytes',
    'Bytes of all files of the journal.',
    (measures) => measures.journalCapacityBytes,
  ],
  [
    'headgate_engine_memory_bytes',
    'Bytes of records held in memory, for readers who keep up.',
    (measures) => measures.tailBytes,
  ],
  [
    'headgate_engine_unflushed_bytes',
    'Bytes of records that only the journal and memory hold.',
    (measures) => measures.unflushedBytes,
  ],
]

export function registerEngineMetrics(registry: Registry, source: MeasuresSource): void {
  for (const [name, help, of] of HISTOGRAMS) new HandedHistogram(registry, name, help, source, of)
  for (const [name, help, of] of GAUGES) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(orNaN(source, of))
      },
    })
  }
  new Counter({
    name: 'headgate_engine_refused_writes_total',
    help: 'Writes refused because too many waited.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(source()?.refusedRequests ?? 0)
    },
  })
}

function orNaN(source: MeasuresSource, of: Measured<number>): number {
  const measures = source()
  return measures === undefined ? Number.NaN : of(measures)
}

/** The engine counts by itself, for less than a library's call would cost it; this only shows the counts. */
class HandedHistogram extends Histogram {
  readonly #name: string
  readonly #help: string
  readonly #source: MeasuresSource
  readonly #of: Measured<DurationCounts>

  constructor(
    registry: Registry,
    name: string,
    help: string,
    source: MeasuresSource,
    of: Measured<DurationCounts>,
  ) {
    super({ name, help, registers: [registry] })
    this.#name = name
    this.#help = help
    this.#source = source
    this.#of = of
  }

  override async get(): ReturnType<Histogram['get']> {
    const measures = this.#source()
    const values = measures === undefined ? [] : seriesOf(this.#name, this.#of(measures))
    return {
      name: this.#name,
      help: this.#help,
      type: 'histogram',
      aggregator: 'sum',
      values,
    } as unknown as Awaited<ReturnType<Histogram['get']>>
  }

  /** What the registry asks in its place, where there is one. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get()
  }
}

interface Series {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

function seriesOf(name: string, { bounds, counts, sum, count }: DurationCounts): readonly Series[] {
  let below = 0
  const buckets = bounds.map((bound, index): Series => {
    below += counts[index] ?? 0
    return { metricName: `${name}_bucket`, labels: { le: bound }, value: below }
  })
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ]
}
