import { expect, test } from 'vitest'
import { FileCache } from './file-cache.ts'
import { INSPECTION_EMPTY } from './testing.ts'

const TEXT = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: p}
spec: {input: {stdin: {}}, output: {resource: audit}}
`

test('a file is judged once for its bytes, and again where the judge knows more than before', async () => {
  let epoch = 0
  let judged = 0
  const cache = new FileCache({
    epoch: () => epoch,
    pipeline: async () => {
      judged += 1
      return INSPECTION_EMPTY
    },
    sink: async () => INSPECTION_EMPTY,
  })
  const bytes = Buffer.from(TEXT)
  await cache.read('p.yaml', bytes)
  await cache.read('p.yaml', Buffer.from(TEXT))
  expect(judged).toBe(1)
  epoch += 1
  expect(cache.recall('p.yaml', bytes)).toBeUndefined()
  await cache.read('p.yaml', bytes)
  expect(judged).toBe(2)
})
