/**
 * What the components of a worker count, kept until the next answer takes it along: the series themselves are those of
 * the pipeline, on the main thread.
 *
 * A series is told once, under a number, and what was added to it under that number from then on.
 */
import {
  type ComponentMetrics,
  type Counter,
  type Gauge,
  type MetricLabels,
  PipelineMetrics,
  SERIES_MAX,
  type Timing,
} from '../component-metrics.ts'

/** Of one series, between two answers; what is beyond counts as what came last. */
export const TIMINGS_KEPT_MAX = 1_024

interface SeriesName {
  readonly kind: 'counter' | 'gauge' | 'timing'
  readonly name: string
  readonly labels: MetricLabels
  readonly label: string
  readonly path: string
}

export interface WireMeasures {
  /** In the order of their numbers, those that are new. */
  readonly made: readonly SeriesName[]
  /** What was added since, or set: pairs of a number and a value; of timings, with how many each stands for. */
  readonly added: readonly (readonly [series: number, value: number, times?: number])[]
  readonly processorErrors: number
}

interface Recorded {
  readonly number: number
  values: [value: number, times: number][]
}

export class RecordedMetrics extends PipelineMetrics {
  readonly #series = new Map<string, Counter & Gauge & Timing>()
  readonly #changed = new Set<Recorded>()
  #made: SeriesName[] = []

  override of({
    label,
    path,
  }: {
    readonly label: string
    readonly path: string
  }): ComponentMetrics {
    const find = (kind: SeriesName['kind'], name: string, labels: MetricLabels = {}) =>
      this.#find({ kind, name, labels, label, path })
    return {
      counter: (name, labels) => find('counter', name, labels),
      gauge: (name, labels) => find('gauge', name, labels),
      timing: (name, labels) => find('timing', name, labels),
    }
  }

  /** What came together since it was taken last. */
  take(processorErrors: number): WireMeasures {
    const added: [number, number, number][] = []
    for (const recorded of this.#changed) {
      for (const [value, times] of recorded.values) added.push([recorded.number, value, times])
      recorded.values = []
    }
    this.#changed.clear()
    const made = this.#made
    this.#made = []
    return { made, added, processorErrors }
  }

  #find(name: SeriesName): Counter & Gauge & Timing {
    const key = JSON.stringify(name)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= SERIES_MAX) return UNCOUNTED
    const series = this.#record({ number: this.#series.size, values: [] })
    this.#made.push(name)
    this.#series.set(key, series)
    return series
  }

  #record(recorded: Recorded): Counter & Gauge & Timing {
    const keep = (value: number, times: number): void => {
      recorded.values.push([value, times])
      this.#changed.add(recorded)
    }
    return {
      add: (count) => {
        const [first] = recorded.values
        if (first === undefined) keep(count, 1)
        else first[0] += count
      },
      set: (value) => {
        recorded.values = []
        keep(value, 1)
      },
      observe: (ns, times = 1) => {
        const last = recorded.values.at(-1)
        if (last === undefined || recorded.values.length < TIMINGS_KEPT_MAX) keep(ns, times)
        else last[1] += times
      },
    }
  }
}

const UNCOUNTED: Counter & Gauge & Timing = { add: () => {}, set: () => {}, observe: () => {} }

/** The series of the pipeline behind the numbers of one worker. */
export class MeasuresOfWorker {
  readonly #metrics: PipelineMetrics
  readonly #series: ((value: number, times: number) => void)[] = []

  constructor(metrics: PipelineMetrics) {
    this.#metrics = metrics
  }

  /** Before anything that was taken after it. */
  name({ made }: WireMeasures): void {
    for (const { kind, name, labels, label, path } of made) {
      const metrics = this.#metrics.of({ label, path })
      if (kind === 'counter') {
        const counter = metrics.counter(name, labels)
        this.#series.push((value) => counter.add(value))
      } else if (kind === 'gauge') {
        const gauge = metrics.gauge(name, labels)
        this.#series.push((value) => gauge.set(value))
      } else {
        const timing = metrics.timing(name, labels)
        this.#series.push((value, times) => timing.observe(value, times))
      }
    }
  }

  add({ added }: WireMeasures): void {
    for (const [series, value, times = 1] of added) this.#series[series]?.(value, times)
  }
}
