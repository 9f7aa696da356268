/**
 * What the components of one pipeline count: plain numbers on the hot path, read when somebody asks.
 *
 * A series is found by its kind, name and labels, or made; all of them vanish with the pipeline. It knows nothing of
 * exporters: what a name may be and how a timing is told is theirs.
 */
import type { MetricSeries } from './pipeline.ts'
import { TimingHistogram } from './timing-histogram.ts'

export interface Counter {
  add(count: number): void
}

export interface Gauge {
  set(value: number): void
}

export interface Timing {
  /** `times`: for how many like it this one stands; 1 where absent. */
  observe(ns: number, times?: number): void
}

export type MetricLabels = Readonly<Record<string, string>>

/** One component's, with its label and path on every series. Look a series up once and keep it. */
export interface ComponentMetrics {
  counter(name: string, labels?: MetricLabels): Counter
  gauge(name: string, labels?: MetricLabels): Gauge
  timing(name: string, labels?: MetricLabels): Timing
}

/** What is made beyond that counts nowhere: labels that follow the data must not fill the memory. */
export const SERIES_MAX = 4_096

class Count implements Counter {
  value = 0

  add(count: number): void {
    this.value += count
  }
}

class Level implements Gauge {
  value = 0

  set(value: number): void {
    this.value = value
  }
}

class Times implements Timing {
  readonly histogram: TimingHistogram = new TimingHistogram()

  observe(ns: number, times?: number): void {
    this.histogram.observe(ns, times)
  }
}

interface Named<Kind, Series> {
  readonly kind: Kind
  readonly name: string
  readonly labels: MetricLabels
  readonly series: Series
}

type Entry = Named<'counter', Count> | Named<'gauge', Level> | Named<'timing', Times>
type SeriesOf<Kind> = Extract<Entry, { kind: Kind }>['series']

export class PipelineMetrics {
  readonly #entries = new Map<string, Entry>()
  readonly #seriesMax: number

  constructor(seriesMax: number = SERIES_MAX) {
    this.#seriesMax = seriesMax
  }

  of({ label, path }: { readonly label: string; readonly path: string }): ComponentMetrics {
    const own = { label, path }
    return {
      counter: (name, labels) => this.#find('counter', name, { ...labels, ...own }),
      gauge: (name, labels) => this.#find('gauge', name, { ...labels, ...own }),
      timing: (name, labels) => this.#find('timing', name, { ...labels, ...own }),
    }
  }

  series(): readonly MetricSeries[] {
    return Array.from(this.#entries.values(), toSeries)
  }

  #find<Kind extends Entry['kind']>(
    kind: Kind,
    name: string,
    labels: MetricLabels,
  ): SeriesOf<Kind> {
    const key = JSON.stringify([kind, name, ...Object.entries(labels).toSorted(byName)])
    const known = this.#entries.get(key)
    if (known !== undefined) return known.series as SeriesOf<Kind>
    const entry = { kind, name, labels, series: MAKES[kind]() } as Entry
    if (this.#entries.size < this.#seriesMax) this.#entries.set(key, entry)
    return entry.series as SeriesOf<Kind>
  }
}

const MAKES = {
  counter: (): Count => new Count(),
  gauge: (): Level => new Level(),
  timing: (): Times => new Times(),
}

function toSeries({ kind, name, labels, series }: Entry): MetricSeries {
  if (kind === 'timing') return { kind, name, labels, value: series.histogram.summary() }
  return { kind, name, labels, value: series.value }
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1
}
