/** docs/observability.md lists what the page of metrics has, and nothing else. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMPONENT_METRICS } from './pipeline-metrics.ts'
import { openTestServer, streamRecord } from './testing.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../docs/observability.md'), 'utf8')
/** `| name | what it is |`, or several names in the first column. */
const LISTED = PAGE.slice(PAGE.indexOf('## Metrics'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
  )

test('every metric of Headgate is in the tables of its page, and every one there is served', async () => {
  await using server = await openTestServer({ quotas: { uses: () => [] } as never })
  await server.engine.streams.create(streamRecord('default/orders'))
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const served = [...text.matchAll(/^# TYPE (headgate_[a-z_]+) /gm)].map(([, name]) => name)
  const flow = ['latency_seconds', 'lag_records', 'lag_seconds'].map(
    (name) => `headgate_pipeline_${name}`,
  )
  const own = LISTED.filter((name) => name?.startsWith('headgate_'))
  expect(own.toSorted()).toEqual([...new Set([...served, ...flow])].toSorted())
})

test('what components count is there under the names that it has on the page', () => {
  const listed = LISTED.filter((name) => !name?.startsWith('headgate_'))
  expect(listed.toSorted()).toEqual(Object.keys(COMPONENT_METRICS).toSorted())
})
