import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runToEnd } from '../components/testing.ts'
import { looksAtBatch } from './alone.ts'
import { type TestEnvironment, testEnvironment } from './testing.ts'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-alone-'))
  await writeFile(join(directory, 'in'), 'a\nb\nc\n')
})
afterEach(() => rm(directory, { recursive: true }))

async function run(
  processors: readonly unknown[],
  { buffer, ...input }: { readonly buffer?: unknown; readonly processors?: unknown } = {},
  output = {},
) {
  const environment: TestEnvironment = testEnvironment({ directory })
  await runToEnd(
    {
      input: { file: { paths: ['in'] }, ...input },
      ...(buffer === undefined ? {} : { buffer }),
      pipeline: { processors },
      output: { stdout: {}, ...output },
    },
    environment,
  )
  return { writes: environment.stdout.chunks.length, text: environment.stdout.text }
}

describe('the lines of a file', () => {
  test('go through together where every message fares as if it were alone', async () => {
    const mapping = 'root = content().uppercase()'
    expect(await run([{ mapping }])).toEqual({ writes: 1, text: 'A\nB\nC\n' })
  })

  test.each([
    ['a processor that joins a batch', [{ archive: { format: 'lines' } }], {}, 'a\nb\nc\n'],
    [
      'a mapping that asks for the batch',
      [{ mapping: 'root = content().string() + " of " + batch_size().string()' }],
      {},
      'a of 1\nb of 1\nc of 1\n',
    ],
    [
      'a processor of the input that joins a batch',
      [],
      { processors: [{ archive: { format: 'lines' } }] },
      'a\nb\nc\n',
    ],
  ])('go one by one before %s', async (_, processors, input, text) => {
    expect(await run(processors, input)).toEqual({ writes: 3, text })
  })

  test.each([{ memory: {} }, { sqlite: { path: 'buffer.db' } }])(
    'stay apart in the buffer %j',
    async (buffer) => {
      const upper = { mapping: 'root = content().uppercase()' }
      expect(await run([upper], { buffer })).toEqual({ writes: 1, text: 'A\nB\nC\n' })
      const archive = { archive: { format: 'lines' } }
      expect(await run([archive], { buffer })).toEqual({ writes: 3, text: 'a\nb\nc\n' })
      const policy = { memory: { batch_policy: { enabled: true, count: 2 } } }
      expect(await run([archive], { buffer: policy })).toEqual({ writes: 2, text: 'a\nb\nc\n' })
    },
  )

  test('go one by one into a batching policy', async () => {
    const archive = { processors: [{ archive: { format: 'concatenate' } }] }
    const output = { stdout: { batching: { count: 2, ...archive } } }
    expect(await run([], {}, output)).toEqual({ writes: 2, text: 'ab\nc\n' })
  })
})

test('a text that may look at other messages is told from one that does not', () => {
  expect(looksAtBatch('root = this.a')).toBe(false)
  expect(looksAtBatch('root = this.froms')).toBe(false)
  for (const text of ['batch_index()', 'json("a").from(0)', 'this.a.from_all()', 'import "x"']) {
    expect(looksAtBatch(text)).toBe(true)
  }
  expect(looksAtBatch({ key: '${! batch_size() }' })).toBe(true)
})
