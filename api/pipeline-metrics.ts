/**
 * The series of pipelines on the page that Prometheus scrapes, in its text format 0.0.4.
 *
 * Names and labels come from configs, so they are made fit for the format here, and a name that something else on the
 * page has is told apart: one bad name must not spoil the page. A timing is a summary of nanoseconds.
 */
import type { MetricSeries, TimingSummary } from '../engine/pipelines/pipeline.ts'

export interface PipelineSample {
  /** The pipeline's id. */
  readonly stream: string
  readonly namespace: string
  readonly series: readonly MetricSeries[]
}

type Labels = Readonly<Record<string, string>>

/** Of a pipeline, on each of its series. */
interface Owner {
  readonly stream: string
  readonly namespace: string
}

interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'summary'
  readonly lines: string[]
}

/** `isTaken`: whether a name is on the page for something else. */
export function pipelineMetricsText(
  samples: readonly PipelineSample[],
  isTaken: (name: string) => boolean,
): string {
  const families: Families = new Map()
  const all: Family[] = []
  const used = new Set<string>()
  const isUsed = (name: string): boolean => used.has(name) || isTaken(name)
  for (const { stream, namespace, series } of samples) {
    const owner: Owner = { stream, namespace }
    for (const one of series) {
      const known = families.get(one.kind)?.get(one.name)
      const family = known ?? newFamily(one, families, isUsed)
      if (known === undefined) {
        all.push(family)
        for (const name of sampleNames(family)) used.add(name)
      }
      addLines(family, one, labelText(one.labels, owner))
    }
  }
  return all.map(textOf).join('')
}

/** By kind, then by the name that the series has: one family, whichever pipelines have a series of it. */
type Families = Map<MetricSeries['kind'], Map<string, Family>>

function newFamily(
  { name, kind }: MetricSeries,
  families: Families,
  isTaken: (name: string) => boolean,
): Family {
  const ofKind = families.get(kind) ?? new Map<string, Family>()
  families.set(kind, ofKind)
  const type = kind === 'timing' ? 'summary' : kind
  let fit = name.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?![a-zA-Z_:])/, '_')
  while (sampleNames({ name: fit, type }).some(isTaken)) fit = `${fit}_${type}`
  const family: Family = { name: fit, type, lines: [] }
  ofKind.set(name, family)
  return family
}

function sampleNames({ name, type }: Pick<Family, 'name' | 'type'>): readonly string[] {
  return type === 'summary' ? [name, `${name}_sum`, `${name}_count`] : [name]
}

function addLines({ name, lines }: Family, series: MetricSeries, labels: string): void {
  if (series.kind === 'timing') lines.push(summaryLines(name, labels, series.value))
  else lines.push(`${name}{${labels}} ${series.value}\n`)
}

export function summaryLines(name: string, labels: string, summary: TimingSummary): string {
  const { p50, p90, p99, sum, count } = summary
  return (
    `${name}{${labels},quantile="0.5"} ${p50}\n` +
    `${name}{${labels},quantile="0.9"} ${p90}\n` +
    `${name}{${labels},quantile="0.99"} ${p99}\n` +
    `${name}_sum{${labels}} ${sum}\n${name}_count{${labels}} ${count}\n`
  )
}

/** A series keeps its labels as long as it lives, and a page has thousands of them. */
const texts = new WeakMap<Labels, Owner & { readonly text: string }>()

function labelText(labels: Labels, { stream, namespace }: Owner): string {
  const known = texts.get(labels)
  if (known?.stream === stream && known.namespace === namespace) return known.text
  const own: Labels = namespace === 'default' ? { stream } : { stream, namespace }
  const text = pairsText({ ...own, ...fitLabels(labels), ...own })
  texts.set(labels, { stream, namespace, text })
  return text
}

/** As they stand between braces. */
export function pairsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([label, text]) => `${label}="${escaped(text)}"`)
    .join(',')
}

function fitLabels(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([label, text]) => [
      label.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?![a-zA-Z_])/, '_'),
      text,
    ]),
  )
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function textOf({ name, type, lines }: Family): string {
  const help = COMPONENT_METRICS[name]
  const head = help === undefined ? '' : `# HELP ${name} ${help}\n`
  return `\n${head}# TYPE ${name} ${type}\n${lines.join('')}`
}

/** What components count, and what it is. */
export const COMPONENT_METRICS: Readonly<Record<string, string>> = {
  input_received: 'Messages that an input received.',
  input_latency_ns: 'From the read of a batch to its end.',
  input_connection_up: 'How often an input was connected.',
  input_connection_failed: 'How often an input could not be connected.',
  input_connection_lost: 'How often an input lost its connection.',
  batch_created: 'Batches that a policy gathered, by what ended them.',
  buffer_received: 'Messages that were put in a buffer.',
  buffer_sent: 'Messages that were read out of a buffer.',
  buffer_batch_received: 'Batches that were put in a buffer.',
  buffer_batch_sent: 'Batches that were read out of a buffer.',
  buffer_latency_ns: 'From the read of a batch out of a buffer to its end.',
  processor_received: 'Messages that a processor was given.',
  processor_sent: 'Messages that came out of a processor.',
  processor_batch_received: 'Batches that a processor was given.',
  processor_batch_sent: 'Batches that came out of a processor.',
  processor_error: 'Messages that a processor failed on.',
  processor_latency_ns: 'How long a processor took for a batch.',
  output_sent: 'Messages that an output delivered.',
  output_batch_sent: 'Batches that an output delivered.',
  output_error: 'Writes that an output failed at.',
  output_rejected: 'Messages that were not written, for they had failed at a processor.',
  output_latency_ns: 'How long an output took for a batch.',
  output_connection_up: 'How often an output was connected.',
  output_connection_failed: 'How often an output could not be connected.',
  output_connection_lost: 'How often an output lost its connection.',
  dead_letters: 'Dead letters that a component made.',
  cache_success: 'What a cache did.',
  cache_error: 'What a cache failed at.',
  cache_not_found: 'Keys that were asked for and not there.',
  cache_duplicate: 'Keys that were to be added and there already.',
  cache_latency_ns: 'How long a cache took.',
  rate_limit_checked: 'How often a rate limit was asked.',
  rate_limit_triggered: 'How often a rate limit made somebody wait.',
  rate_limit_error: 'How often a rate limit failed.',
}
