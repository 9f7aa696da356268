/** Modules of the processor `typescript` in a run: in their threads, with real time for their deadlines. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runPipeline } from './testing.ts'

const PIPELINE = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: clean}
spec:
  input: {stream: {name: orders}}
  pipeline: {processors: [{label: clean, typescript: {module: ./clean.ts, deadline: 100ms}}]}
  output: {dead_letter: {stream: failed, output: {stream: {name: clean}}}}
`
let file: string
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-modules-'))
  file = join(folder, 'clean.yaml')
  writeFileSync(file, PIPELINE)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a module', () => {
  test('beside its declaration runs on records, and sees the time of the run', async () => {
    writeFileSync(
      join(folder, 'clean.ts'),
      `export default async ({ value }: { value: { id: number } }, context: { now(): Date }) => {
  if (value.id === 2) return null
  if (value.id === 3) throw new TypeError('three')
  return [{ value }, { value: context.now().toISOString() }]
}
`,
    )
    const run = await runPipeline(
      file,
      [1, 2, 3].map((id) => ({ value: { id } })),
    )
    expect(run.records('clean').map(({ text }) => text)).toEqual([
      '{"id":1}',
      '2026-01-01T00:00:00.000Z',
    ])
    expect(run.failures).toMatchObject([
      { component: 'typescript', label: 'clean', message: expect.stringContaining('clean.ts:3:') },
    ])
    expect(run.deadLetters).toMatchObject([{ value: { id: 3 }, stream: 'failed' }])
  })

  test('comes to its end each time, however long its thread takes to close', async () => {
    writeFileSync(join(folder, 'clean.ts'), 'export default (record: object) => record\n')
    for (let time = 0; time < 12; time++) {
      const run = await runPipeline(file, [{ value: { id: time } }])
      expect(run.heldUpBecause).toBe(undefined)
    }
  })

  test('that never ends fails that record, however fast the clock goes', async () => {
    writeFileSync(
      join(folder, 'clean.ts'),
      `export default (record: { value: { id: number } }) => {
  while (record.value.id === 1);
  return record
}
`,
    )
    const run = await runPipeline(file, [{ value: { id: 1 } }, { value: { id: 2 } }])
    expect(run.values('clean')).toEqual([{ id: 2 }])
    expect(run.deadLetters).toMatchObject([{ value: { id: 1 } }])
    expect(run.heldUpBecause).toBe(undefined)
  })
})
