/**
 * How pipelines flow, on the page that Prometheus scrapes: how long messages take from their arrival to their delivery,
 * and how far a pipeline is behind in the streams that it reads. What does not run has none of it.
 */
import type { PipelineFlow } from '../controllers/control-plane.ts'
import { type GroupLags, streamsBehind } from '../engine/pipelines/streams-behind.ts'
import { pairsText, summaryLines } from './pipeline-metrics.ts'

export interface FlowSample {
  readonly kind: 'Pipeline' | 'Sink'
  readonly namespace: string
  readonly name: string
  readonly flow: PipelineFlow | undefined
}

interface FlowFamily {
  readonly name: string
  readonly type: 'summary' | 'gauge'
  readonly help: string
}

const LATENCY: FlowFamily = {
  name: 'headgate_pipeline_latency_seconds',
  type: 'summary',
  help: 'From the arrival of a record, or the read of another message, to its delivery.',
}
const LAG_RECORDS: FlowFamily = {
  name: 'headgate_pipeline_lag_records',
  type: 'gauge',
  help: 'Records of a stream that a pipeline has not committed.',
}
const LAG_SECONDS: FlowFamily = {
  name: 'headgate_pipeline_lag_seconds',
  type: 'gauge',
  help: 'Since the oldest record that a pipeline has not committed arrived; 0 when there is none.',
}

export function flowMetricsText(samples: readonly FlowSample[], lags: GroupLags): string {
  const latency: string[] = []
  const records: string[] = []
  const seconds: string[] = []
  for (const { kind, namespace, name, flow } of samples) {
    if (flow === undefined) continue
    const labels = pairsText({ namespace, [kind.toLowerCase()]: name })
    latency.push(summaryLines(LATENCY.name, labels, flow.latency))
    for (const behind of streamsBehind(namespace, flow.readings, lags)) {
      const own = `${labels},${pairsText({ stream: behind.stream })}`
      records.push(`${LAG_RECORDS.name}{${own}} ${behind.records}\n`)
      if (behind.seconds !== undefined) {
        seconds.push(`${LAG_SECONDS.name}{${own}} ${behind.seconds}\n`)
      }
    }
  }
  return (
    familyText(LATENCY, latency) +
    familyText(LAG_RECORDS, records) +
    familyText(LAG_SECONDS, seconds)
  )
}

function familyText({ name, type, help }: FlowFamily, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}
