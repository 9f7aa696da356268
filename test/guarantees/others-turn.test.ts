/** A pipeline that never waits leaves the others their turn. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until, up } from '../harness/headgate-process.ts'

const SET = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: other}
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: busy}
spec:
  input: {generate: {interval: "", mapping: root.n = counter()}}
  pipeline:
    processors:
      - mapping: root.n = this.n + 1
  output: {drop: {}}
`
const ROUNDS = 20

test('while one generates without a pause, /readyz answers and appends are acknowledged', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-turn-'))
  mkdirSync(join(directory, 'set'))
  writeFileSync(join(directory, 'set', 'all.yaml'), SET)
  await using server = await up({
    folder: join(directory, 'set'),
    dataDirectory: join(directory, 'data'),
  })
  const sent = async (): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    return Number(/^output_sent\{stream="busy".*\} (\d+)$/m.exec(text)?.[1] ?? 0)
  }
  const before = await until('it to run', async () => (await sent()) || undefined)
  const records = `${server.url}/apis/headgate.dev/v1alpha1/namespaces/default/streams/other/records`
  for (let round = 0; round < ROUNDS; round++) {
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    const body = JSON.stringify({ records: [{ value: { round } }] })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(records, { method: 'POST', headers, body })).ok).toBe(true)
  }
  expect(await sent()).toBeGreaterThan(before)
  await server.kill()
  rmSync(directory, { recursive: true, force: true })
})
