import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mappingTargets } from '../../bloblang/mapping-targets.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { runProcessors } from '../run-processors.ts'
import { inferStages } from '../workflow-stages.ts'

const text = (targets: readonly { of: string; path: readonly string[] }[]): string[] =>
  targets.map(({ of, path }) => `${of === 'metadata' ? '@' : ''}${path.join('.')}`)

const write = (name: string, value: string, request = 'root = {}') => ({
  request_map: request,
  processors: [{ mapping: `root = ${value}` }],
  result_map: `root.${name} = this`,
})

const run = async (workflow: object, given: readonly unknown[], resources?: object) =>
  runProcessors([{ workflow }], given, resources === undefined ? {} : { resources })

describe('what a mapping reads and writes', () => {
  test.each([
    ['root = this.a.b', ['a.b']],
    ['root.x = a.uppercase()\nroot.y = this.c | d.e', ['a', 'c', 'd.e']],
    ['root = this.list.map_each(item -> item.n + this.k)', ['list', 'list.n', 'k']],
    ['root = this.list.map_each(this.n)', ['list', 'list.n']],
    ['root = this.a.(b + this.c)', ['a', 'a.b', 'a.c']],
    ['root = if this.a == "x" { this.b } else { @k }', ['a', 'b', '@k']],
    ['root = match this.a { this.b == 1 => this.c, _ => 2 }', ['a', 'a.b', 'a.c']],
    ['root = json("a.b") + metadata("m") + meta("o")', ['a.b', '@m', '@o']],
    ['let v = this.a\nroot = $v.b', ['a']],
    ['root = content()', ['']],
    ['root = this.a.or(this.b)', ['a', 'b']],
    ['not a mapping at all (', []],
  ])('%s reads %j', (mapping, expected) => {
    expect(new Set(text(mappingTargets(mapping).reads))).toEqual(new Set(expected))
  })

  test('writes what it assigns, in every branch of it', () => {
    const mapping = 'root.a.b = 1\nmeta k = 2\nif this.c { root.d = 3 } else { meta = {} }'
    expect(text(mappingTargets(mapping).writes)).toEqual(['a.b', '@k', 'd', '@'])
  })
})

describe('the stages of a workflow', () => {
  const branch = (request_map: string, result_map: string) => ({ request_map, result_map })

  test('follow from what is read and written, above and beneath, metadata too', () => {
    const stages = inferStages(
      new Map([
        ['deep', branch('root = this.a.b.c', 'root.z = this')],
        ['shallow', branch('root = this.z', '')],
        ['tagged', branch('root = @tag', 'root.t = this')],
        ['base', branch('', 'root.a.b = this')],
        ['tag', branch('root = this.other', 'meta tag = this')],
      ]),
    )
    expect(stages).toEqual([['base', 'tag'], ['deep', 'tagged'], ['shallow']])
  })

  test('put every branch behind all that it reads of', () => {
    // Branch n reads of earlier ones only, so there is an order.
    const reads = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(reads, (all) => {
        const needs = all.map((list, index) =>
          list.filter((_, at) => at < index).map((n) => n % index),
        )
        const branches = new Map(
          needs.map((list, index) => [
            `b${index}`,
            branch(
              list.map((n, at) => `root.r${at} = this.v${n}`).join('\n'),
              `root.v${index} = this`,
            ),
          ]),
        )
        const stages = inferStages(branches)
        const stageOf = new Map(stages.flatMap((names, at) => names.map((name) => [name, at])))
        expect(stageOf.size).toBe(branches.size)
        for (const [index, list] of needs.entries()) {
          for (const n of list) {
            expect(stageOf.get(`b${index}`)).toBeGreaterThan(stageOf.get(`b${n}`) ?? 0)
          }
        }
      }),
    )
  })

  test('are refused where branches wait for each other', () => {
    const both = new Map([
      ['a', branch('root = this.y', 'root.x = this')],
      ['b', branch('root = this.x', 'root.y = this')],
    ])
    expect(() => inferStages(both)).toThrow('a, b wait for what each other writes')
  })
})

describe('the workflow processor', () => {
  test('tells what succeeded, was skipped and failed, and flags nothing', async () => {
    const branches = {
      fine: write('fine', '1'),
      left: write('left', '1', 'root = deleted()'),
      bad: write('bad', 'throw("no luck")'),
    }
    const { batches, failures } = await run({ branches }, [{ id: 1 }])
    expect(batches).toEqual([
      [
        {
          id: 1,
          fine: 1,
          meta: {
            workflow: {
              succeeded: ['fine'],
              skipped: ['left'],
              failed: { bad: expect.stringContaining('no luck') },
            },
          },
        },
      ],
    ])
    expect(failures).toEqual([undefined])
  })

  test('flags what failed where nothing is told', async () => {
    const branches = { bad: write('bad', 'throw("no luck")'), fine: write('fine', '1') }
    const { batches, failures } = await run({ meta_path: '', branches }, [{ id: 1 }])
    expect(batches).toEqual([[{ id: 1, fine: 1 }]])
    expect(failures).toEqual([expect.stringContaining('no luck')])
  })

  test('does not repeat what succeeded or was skipped, and keeps what was told before', async () => {
    const branches = { a: write('a', '1'), b: write('b', '2'), c: write('c', '3') }
    const before = { succeeded: ['a'], skipped: ['c'], failed: { b: 'away' } }
    const { batches } = await run({ branches, meta_path: 'w' }, [{ w: before }])
    expect(batches).toEqual([
      [{ b: 2, w: { succeeded: ['b'], skipped: ['a', 'c'], previous: before } }],
    ])
  })

  test('runs only what apply names', async () => {
    const branches = { a: write('a', '1'), b: write('b', '2') }
    const { batches } = await run({ branches, meta_path: 'w' }, [{ w: { apply: ['b'] } }])
    expect(batches).toEqual([
      [{ b: 2, w: { succeeded: ['b'], skipped: ['a'], previous: { apply: ['b'] } } }],
    ])
  })

  test('takes branches of resources, and an order that is said', async () => {
    const resources = {
      processor_resources: [{ label: 'first', branch: write('n', 'this.id', 'root.id = this.id') }],
    }
    const second = write('m', 'this.n', 'root.n = this.n')
    const { batches } = await run(
      { branch_resources: ['first'], branches: { second }, order: [['first'], ['second']] },
      [{ id: 4 }, { id: 5 }],
      resources,
    )
    const workflow = { succeeded: ['first', 'second'] }
    expect(batches).toEqual([
      [
        { id: 4, n: 4, m: 4, meta: { workflow } },
        { id: 5, n: 5, m: 5, meta: { workflow } },
      ],
    ])
  })

  test('flags a message that is no object, for there is nowhere to tell', async () => {
    const { failures } = await run({ branches: { a: write('a', '1') } }, ['plain'])
    expect(failures).toEqual([expect.stringContaining('expected an object')])
  })

  test('runs the branches of a stage at once', async () => {
    // Each waits for the other's key, so one after the other they would never end.
    const wait = (own: string, other: string) => ({
      request_map: 'root = "x"',
      processors: [
        { cache: { resource: 'c', operator: 'set', key: own, value: 'x' } },
        {
          retry: {
            backoff: { initial_interval: '1ms', max_interval: '1ms', max_elapsed_time: '10s' },
            processors: [{ cache: { resource: 'c', operator: 'get', key: other } }],
          },
        },
      ],
      result_map: `root.${own} = content().string()`,
    })
    const branches = { a: wait('a', 'b'), b: wait('b', 'a') }
    const resources = { cache_resources: [{ label: 'c', memory: {} }] }
    const { batches } = await run({ branches, meta_path: '' }, [{}], resources)
    expect(batches).toEqual([[{ a: 'x', b: 'x' }]])
  })

  test('is inspected with all that it holds', async () => {
    const problems = async (workflow: object) =>
      (
        await inspectPipeline({
          input: { stdin: {} },
          pipeline: { processors: [{ workflow }] },
          output: { drop: {} },
        })
      ).problems.map(({ path, message }) => `${path.slice(4).join('.')}: ${message}`)
    expect(await problems({ branch_resources: ['nowhere'] })).toEqual([
      expect.stringContaining('branch_resources.0'),
    ])
    const branches = { a: { processors: [{ mappin: '' }] } }
    expect((await problems({ branches }))[0]).toContain('branches.a.processors.0.mappin')
    const fine = { a: write('a', '1'), b: write('b', '2') }
    expect(await problems({ branches: fine, order: [['a', 'x'], ['a']] })).toEqual([
      'order.0.1: expected the name of a branch, got "x"',
      'order.1.0: expected each branch once, got a again',
      'order: expected all branches, got none of b',
    ])
  })
})
