import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fakeClock, loadFolder, memoryEngine, runPipeline, type TestedRecord } from './testing.ts'

interface Order {
  readonly number: number
  readonly paid?: boolean
}

interface Streams {
  readonly orders: Order
  readonly clean: { readonly number: number }
}

const TYPES = `apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: order}
spec: {properties: [{id: number, type: Int64, key: 1}, {id: paid, type: Boolean}]}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
spec: {type: order}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: clean}
spec: {type: order, shards: 2}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: failed}
`
const CLEAN = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: clean}
spec:
  input: {stream: {name: orders}}
  pipeline:
    processors:
      - mapping: |
          root.number = if this.number > 100 { throw("too large") } else { this.number }
          meta from = @headgate_stream
  output:
    switch:
      cases:
        - {check: errored(), output: {stream: {name: failed, headers: {why: '\${! error() }'}}}}
        - {output: {stream: {name: clean, key: '\${! json("number") }', headers: {from: '\${! @from }'}}}}
`
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-testing-'))
  writeFileSync(join(folder, 'types.yaml'), TYPES)
  writeFileSync(join(folder, 'clean.yaml'), CLEAN)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a folder', () => {
  test('runs its pipelines on records of their streams', async () => {
    const loaded = await loadFolder<Streams & { readonly failed: Order }>(folder)
    expect(loaded.pipelines).toEqual(['clean'])
    const run = await loaded.run('clean', [{ value: { number: 7 } }, { value: { number: 101 } }])
    expect(run.values('clean')).toEqual([{ number: 7 }])
    expect(run.streams.clean).toMatchObject([
      { key: '7', headers: { from: 'orders' }, sequence: 1 },
    ])
    expect(run.streams.failed).toMatchObject([{ value: { number: 101 } }])
    expect(run.atLeastOnceBecause).toBe(undefined)
  })

  test('holds records to the types of their streams, where they come from and where they go', async () => {
    const loaded = await loadFolder(folder)
    await expect(loaded.run('clean', [{ value: { number: 'x' } }])).rejects.toThrow(
      /message 1 does not fit the type of stream orders: .*number/,
    )
    writeFileSync(join(folder, 'clean.yaml'), CLEAN.replace('root.number =', 'root.numbr ='))
    const run = await (await loadFolder(folder)).run('clean', [{ value: { number: 7 } }])
    expect(run.rejected).toMatchObject([
      { value: { number: 7 }, reason: expect.stringContaining('numbr') },
    ])
  })

  test('is refused with all that is wrong in it, and where', async () => {
    writeFileSync(join(folder, 'clean.yaml'), CLEAN.replace('this.number >', 'this..number >'))
    await expect(loadFolder(folder)).rejects.toThrow(
      /clean\.yaml:9:\d+: component: .*BloblangInvalid/,
    )
    const typo = loadFolder(join(folder, 'typ'))
    await expect(typo).rejects.toThrow('there is no file or folder')
  })

  test('says which pipelines there are', async () => {
    const run = (await loadFolder(folder)).run('cleen', [])
    await expect(run).rejects.toThrow('there is no Pipeline cleen\n  Did you mean clean?')
  })
})

const CONFIG = `input: {kafka: {addresses: ['a:9092'], topics: [orders], consumer_group: g}}
pipeline:
  processors:
    - {label: enrich, http: {url: 'http://away.example'}}
output: {label: warehouse, http_client: {url: 'http://away.example/\${TABLE}'}}
`

describe('a run', () => {
  test('takes a config as an object, a text, a file and a folder', async () => {
    const object = {
      input: { stdin: {} },
      output: { stdout: {} },
      pipeline: { processors: [{ mapping: 'root.n = this.n + 1' }] },
    }
    const given = [{ value: { n: 1 } }]
    expect((await runPipeline(object, given)).values('/output')).toEqual([{ n: 2 }])
    expect((await runPipeline(JSON.stringify(object), given)).values('/output')).toEqual([{ n: 2 }])
    const clean = [{ value: { number: 7 } }]
    for (const path of [join(folder, 'clean.yaml'), folder]) {
      expect((await runPipeline(path, clean)).values('clean')).toEqual([{ number: 7 }])
    }
  })

  test('mocks components by functions and configs, and fills in variables', async () => {
    const enrich = ({ value }: TestedRecord<{ id: number }>) => ({ ...value, country: 'de' })
    const written: number[] = []
    const warehouse = async (records: readonly TestedRecord[]) => {
      written.push(records.length)
      if (written.length === 1) throw new Error('full')
    }
    const env = { TABLE: 'orders' }
    const given = [{ value: { id: 1 } }, { value: { id: 2 } }]
    const run = await runPipeline(CONFIG, given, { env, mocks: { enrich, warehouse } })
    expect(run.values('warehouse')).toEqual([{ id: 2, country: 'de' }])
    expect(run.rejected).toMatchObject([{ value: { id: 1 }, reason: 'full' }])
    const away = { enrich: { mapping: 'root = deleted()' } }
    expect((await runPipeline(CONFIG, given, { env, mocks: away })).values('warehouse')).toEqual([])
    await expect(runPipeline(CONFIG, given, { mocks: away })).rejects.toThrow('TABLE')
  })

  test('drops what a mock answers null for, and keeps what it answers nothing for', async () => {
    const enrich = ({ value }: TestedRecord<number>) => (value === 1 ? null : undefined)
    const options = { env: { TABLE: 'x' }, mocks: { enrich } }
    const run = await runPipeline(CONFIG, [{ value: 1 }, { value: 2 }], options)
    expect(run.values('warehouse')).toEqual([2])
  })

  test('says how records are written', async () => {
    const given = (records: unknown) => runPipeline(CONFIG, records as [], { env: { TABLE: 'x' } })
    await expect(given([{ number: 1 }])).rejects.toThrow(
      'expected one of value, text and data in record 1, got an object with number: a document goes into { value: … }',
    )
    await expect(given([{ value: 1, text: '1' }])).rejects.toThrow('got 2 of them')
    await expect(given([3])).rejects.toThrow('in record 1, got 3: a document')
    const named = { input: { label: 'in', stdin: {} }, output: { drop: {} } }
    await expect(runPipeline(named, { in: { value: 1 } } as never)).rejects.toThrow(
      'expected a list of records, got an object with value',
    )
  })

  test('lets time pass on the clock that it is given', async () => {
    const clock = fakeClock('2026-05-01T00:00:00Z')
    const config = {
      input: { stdin: {} },
      pipeline: { processors: [{ sleep: { duration: '1h' } }, { mapping: 'root = now()' }] },
      output: { stdout: {} },
    }
    const run = await runPipeline(config, [{ text: 'x' }], { clock, withinMs: 3_600_000 })
    expect(run.records('/output')).toMatchObject([{ text: '2026-05-01T01:00:00Z' }])
    expect((await runPipeline(config, [{ text: 'x' }])).heldUpBecause).toBe(
      'it did not end within 600000 ms',
    )
  })

  test('gives batches that go together, keys, headers and metadata', async () => {
    const config = {
      input: { stream: { name: 'orders' } },
      pipeline: {
        processors: [{ mapping: 'root = [batch_size(), @headgate_key, @trace, @topic]' }],
      },
      output: { stdout: {} },
    }
    const record = { value: {}, key: 'k', headers: { trace: ['a', 'b'] }, metadata: { topic: 't' } }
    const run = await runPipeline(config, [[record, record]])
    expect(run.values('/output')[0]).toEqual([2, 'k', 'b', 't'])
  })
})

describe('an engine in memory', () => {
  test('keeps streams, keys and headers', async () => {
    await using engine = memoryEngine()
    await engine.create('orders', { shards: 2 })
    await engine.append('orders', [{ key: 'a', value: { id: 1 }, headers: { by: 'ada' } }])
    expect(await engine.read('orders')).toMatchObject([
      { key: 'a', value: { id: 1 }, headers: { by: 'ada' }, sequence: 1 },
    ])
    const missing = 'there is no stream other: create it first'
    await expect(engine.append('other', [{ value: 1 }])).rejects.toThrow(missing)
    await expect(engine.read('other')).rejects.toThrow(missing)
  })
})
