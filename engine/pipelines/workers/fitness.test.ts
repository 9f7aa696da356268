import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../inspect-pipeline.ts'
import { readSpec } from '../spec.ts'
import { type Fitness, fitnessOf } from './fitness.ts'

async function judge(processors: readonly unknown[], beside: object = {}): Promise<Fitness> {
  const { unfitBecause, variables } = await fitnessOf(processors, readSpec(beside).resources)
  return { unfitBecause, variables }
}

describe('processors are fit for workers', () => {
  test('where they only compute, also within others and behind labels', async () => {
    const beside = { processor_resources: [{ label: 'loud', mapping: 'root = content()' }] }
    const fit = [
      { mapping: 'root = this.map_each(i -> i.count + now().length())' },
      { switch: [{ check: 'this.a > 1', processors: [{ try: [{ resource: 'loud' }] }] }] },
      { log: { message: 'got ${! this.id }' } },
    ]
    expect((await judge(fit, beside)).unfitBecause).toBeUndefined()
  })

  test('with the environment variables that mappings ask for by name', async () => {
    const mapping = 'root.a = env("REGION")\nroot.b = env(name: "ZONE")'
    expect(await judge([{ mapping }])).toEqual({
      unfitBecause: undefined,
      variables: new Set(['REGION', 'ZONE']),
    })
  })
})

describe('a pipeline', () => {
  const judged = async (threads: unknown): Promise<string | undefined> => {
    const processors = [{ mapping: 'root = counter()' }]
    const { noWorkersBecause } = await inspectPipeline({ pipeline: { threads, processors } })
    return noWorkersBecause
  }

  test('says why it has no workers, where its threads ask for them', async () => {
    expect(await judged(2)).toBe('a mapping calls counter(), which counts messages')
  })

  test.each([1, 0, -1, undefined])(
    'says nothing of workers where threads are %j',
    async (asked) => {
      expect(await judged(asked)).toBeUndefined()
    },
  )
})

describe('processors are not fit for workers', () => {
  test.each([
    [{ mapping: 'root.n = counter()' }, 'a mapping calls counter(), which counts messages'],
    [{ mapping: 'root.n = count ("a")' }, 'counts for the whole process'],
    [{ log: { message: '${! snowflake_id() }' } }, 'snowflake_id()'],
    [{ mapping: 'root = random_int(min: 1)' }, 'random_int()'],
    [{ mapping: 'root = file("/a")' }, 'file(), which reads a file'],
    [{ mapping: 'root = this.ip.geoip_city("/a.mmdb")' }, 'geoip_city(), which reads a file'],
    [{ mapping: 'root = this.bloblang(this.text)' }, 'runs mappings that come with messages'],
    [{ mapping: 'root = env(this.name)' }, 'computes the name'],
    [{ mapping: 'root = env("A" + "B")' }, 'computes the name'],
    [{ mapping: 'root = env("A", true)' }, 'computes the name'],
    [{ mapping: 'import "./a.blobl"\nroot = this.apply("a")' }, 'a mapping reads a file'],
    [{ sleep: { duration: '1s' } }, 'the processor sleep has to run on one thread'],
    [{ dedupe: { cache: 'c', key: '${! this.id }' } }, 'the processor dedupe'],
    [{ resource: 'shared' }, 'the processor resource'],
    [{ json_schema: { schema_path: './a.json' } }, 'json_schema reads what is outside'],
    [{ try: [{ switch: [{ processors: [{ http: { url: 'http://a' } }] }] }] }, 'processor http'],
    [{ branch: { processors: [], result_map: 'root.n = counter()' } }, 'counter()'],
  ])('where something ties them to one thread: %j', async (processor, reason) => {
    expect((await judge([{ noop: {} }, processor])).unfitBecause).toContain(reason)
  })

  test('where there are none', async () => {
    expect((await judge([])).unfitBecause).toBe('there are no processors')
  })

  test('where a branch behind a label is not', async () => {
    const branch = { processors: [{ sleep: { duration: '1s' } }] }
    const beside = { processor_resources: [{ label: 'b', branch }] }
    const { unfitBecause } = await judge([{ workflow: { branch_resources: ['b'] } }], beside)
    expect(unfitBecause).toContain('sleep')
  })
})
