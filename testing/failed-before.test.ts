/** A record that fails goes on as it was, as Connect has it, and rarely fits into the stream that it goes to. */
import { expect, test } from 'vitest'
import { runPipeline } from './testing.ts'

const declared = (processors: string): string => `apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: clean}
spec: {properties: [{id: name, type: String, key: 1}]}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: clean}
spec: {type: clean}
---
apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: clean}
spec:
  input: {stdin: {}}
  pipeline: {processors: [${processors}]}
  output: {stream: {name: clean}}
`
const records = [{ value: { customer: 'ada' } }]

test('what a stream refuses says that it failed before, and why', async () => {
  const run = await runPipeline(
    declared('{label: trim, mapping: root = throw("no name")}'),
    records,
  )
  expect(run.rejected).toMatchObject([
    {
      reason: expect.stringMatching(
        /"customer" is not one of type clean.*; it failed before, at processor trim: .*no name/,
      ),
    },
  ])
})

test('what a stream refuses for itself says no more than that', async () => {
  const run = await runPipeline(declared('{mapping: root = this}'), records)
  expect(run.rejected).toMatchObject([{ reason: expect.not.stringContaining('it failed before') }])
})
