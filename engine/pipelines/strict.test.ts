import { describe, expect, test } from 'vitest'
import { runToEnd } from '../components/testing.ts'
import { inspectPipeline } from './inspect-pipeline.ts'
import type { MetricSeries, Pipeline } from './pipeline.ts'
import { testEnvironment } from './testing.ts'

const STRICT = { error_handling: { strict: true } }
const FOUR = {
  generate: { interval: '', count: 4, batch_size: 4, mapping: 'root = counter()' },
}
/** Fails on the second message. */
const FAILS = { mapping: 'root = if this == 2 { throw("two is too many") } else { this }' }
const MARKS = { mapping: 'root = "%s done".format(content().string())' }

async function linesOf(spec: object): Promise<{ lines: readonly string[]; pipeline: Pipeline }> {
  const environment = testEnvironment()
  const pipeline = await runToEnd(spec, environment)
  return { lines: environment.stdout.text.trim().split('\n'), pipeline }
}

function sumOf(name: string, series: readonly MetricSeries[]): number {
  const values = series.flatMap((one) =>
    one.name === name && one.kind === 'counter' ? [one.value] : [],
  )
  return values.reduce((sum, value) => sum + value, 0)
}

describe('a strict pipeline', () => {
  test('hands what failed past the processors that are left, and rejects it alone', async () => {
    const { lines, pipeline } = await linesOf({
      ...STRICT,
      input: FOUR,
      pipeline: { processors: [FAILS, MARKS] },
      output: {
        fallback: [
          { stdout: {} },
          { stdout: {}, processors: [{ mapping: 'root = "%s: %v".format(content(), error())' }] },
        ],
      },
    })
    expect(lines).toHaveLength(4)
    expect(lines.slice(0, 3)).toEqual(['1 done', '3 done', '4 done'])
    expect(lines[3]).toMatch(/^2: .*two is too many/)
    const series = pipeline.series()
    expect(sumOf('output_rejected', series)).toBe(1)
    expect(series.find(({ name }) => name === 'output_rejected')?.labels).toEqual({
      label: '',
      path: 'root.output.fallback.0',
    })
  })

  test('sends only what failed through the processors again', async () => {
    const { lines, pipeline } = await linesOf({
      ...STRICT,
      input: FOUR,
      pipeline: {
        processors: [
          { mapping: 'root = if this == 2 && counter() < 3 { throw("not yet") } else { this }' },
          MARKS,
        ],
      },
      output: { stdout: {} },
    })
    expect(lines).toEqual(['1 done', '3 done', '4 done', '2 done'])
    expect(sumOf('output_rejected', pipeline.series())).toBe(2)
    expect(sumOf('output_sent', pipeline.series())).toBe(4)
  })

  test('never makes one batch of what failed and what did not', async () => {
    const { lines } = await linesOf({
      ...STRICT,
      input: FOUR,
      pipeline: {
        processors: [
          { mapping: 'root = if this == 2 && counter() < 2 { throw("not yet") } else { this }' },
        ],
      },
      output: {
        broker: {
          outputs: [{ stdout: {} }],
          batching: { count: 3, processors: [{ archive: { format: 'json_array' } }] },
        },
      },
    })
    expect(lines.map((line) => JSON.parse(line))).toEqual([[1, 3, 4], [2]])
  })

  test('keeps the order of a batch of which one message failed', async () => {
    const { lines } = await linesOf({
      ...STRICT,
      input: FOUR,
      pipeline: {
        processors: [
          { branch: { processors: [FAILS, MARKS], result_map: 'root = content().string()' } },
        ],
      },
      output: { fallback: [{ reject_errored: { stdout: {} } }, { drop: {} }] },
    })
    expect(lines).toEqual(['1 done', '3 done', '4 done'])
  })

  test('lets a processor repeat what failed within it', async () => {
    const { lines } = await linesOf({
      ...STRICT,
      input: { generate: { interval: '', count: 1, mapping: 'root = 7' } },
      pipeline: {
        processors: [
          {
            retry: {
              backoff: { initial_interval: '1ms' },
              processors: [
                { mapping: 'root = if counter() < 3 { throw("not yet") } else { this }' },
                MARKS,
              ],
            },
          },
        ],
      },
      output: {
        fallback: [{ stdout: {} }, { stdout: {}, processors: [{ mapping: 'root = "lost"' }] }],
      },
    })
    expect(lines).toEqual(['7 done'])
  })
})

test('without it what failed is delivered as it was, flagged', async () => {
  const { lines, pipeline } = await linesOf({
    input: FOUR,
    pipeline: { processors: [FAILS, MARKS] },
    output: { stdout: {} },
  })
  expect(lines).toEqual(['1 done', '2 done', '3 done', '4 done'])
  expect(pipeline.series().some(({ name }) => name === 'output_rejected')).toBe(false)
})

describe('error_handling', () => {
  const judged = async (handling: unknown, processors: readonly unknown[] = []) =>
    (
      await inspectPipeline({
        input: FOUR,
        pipeline: { processors },
        output: { fallback: [{ drop: {} }, { drop: {}, processors: [{ catch: [] }] }] },
        error_handling: handling,
      })
    ).problems.map(({ severity, path, message }) => `${severity} ${path.join('.')}: ${message}`)

  test('has one field that counts here; the others are told to be of no use', async () => {
    expect(await judged({ strict: true })).toEqual([])
    expect(await judged({ log: { enabled: true } })).toEqual([
      'warning error_handling.log: error_handling.log belongs to a whole process and changes nothing here',
    ])
    expect(await judged({ strict: 'yes' })).toEqual([
      'error error_handling.strict: expected true or false, got string "yes"',
    ])
    expect(await judged({ strict: '${STRICT:true}' })).toEqual([])
  })

  test('makes a catch useless, but where what failed is brought on purpose', async () => {
    expect(await judged({ strict: true }, [{ catch: [] }])).toEqual([
      'warning pipeline.processors.0.catch: catch does nothing in a strict pipeline: what failed never comes to it',
    ])
    expect(await judged({ strict: false }, [{ catch: [] }])).toEqual([])
  })
})
