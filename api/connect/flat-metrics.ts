/** Series as one flat JSON object, as the contract's `json_api` exporter writes them: `name{label="value",…}` → value. */
import type { MetricSeries } from '../../engine/pipelines/pipeline.ts'

type FlatValue = number | { readonly p50: number; readonly p90: number; readonly p99: number }

export function flatMetrics(
  stream: string,
  series: readonly MetricSeries[],
): Readonly<Record<string, FlatValue>> {
  return Object.fromEntries(
    series.map(({ name, labels, value }) => {
      const key = `${name}${labelsText({ ...labels, stream })}`
      if (typeof value === 'number') return [key, value]
      const { p50, p90, p99 } = value
      return [key, { p50, p90, p99 }]
    }),
  )
}

/** In the order of their names. */
function labelsText(labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${sorted.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`
}
