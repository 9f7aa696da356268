import { describe, expect, test } from 'vitest'
import type { ChangeContext } from './change-text.ts'
import { planMarkdown } from './plan-markdown.ts'
import { planText } from './plan-text.ts'
import type { PrintedAction, PrintedPlan } from './printed-plan.ts'

const PLAIN: ChangeContext = { paint: (_style, text) => text, columns: undefined }
const NARROW: ChangeContext = { ...PLAIN, columns: 48 }
const TAGGED: ChangeContext = { ...PLAIN, paint: (style, text) => `<${style}>${text}</${style}>` }

function actionOf(verb: string, name: string, more: Partial<PrintedAction> = {}): PrintedAction {
  return {
    verb,
    kind: 'Stream',
    namespace: 'default',
    name,
    risk: 'safe',
    reason: '',
    cause: null,
    changes: [],
    cost: null,
    ...more,
  }
}

const COST: PrintedAction['cost'] = {
  records: 1_200,
  bytes: 3_500_000,
  oldest: '2026-01-01T08:00:00Z',
  newest: '2026-01-31T08:00:00Z',
  consumers: [
    { group: 'pipeline.clean', behind: 12 },
    { group: 'sink.shop', behind: 1 },
  ],
  readers: [
    { kind: 'Pipeline', namespace: 'default', name: 'clean' },
    { kind: 'Sink', namespace: 'shop', name: 'big' },
  ],
}

const EVERYTHING: readonly PrintedAction[] = [
  actionOf('create', 'orders', {
    reason: 'declared for the first time',
    cause: { file: 'streams.yaml', line: 1, column: 1 },
  }),
  actionOf('update', 'raw', {
    reason: 'spec.shards changed',
    cause: { file: 'streams.yaml', line: 9, column: 1 },
    changes: [{ path: 'spec.shards', from: 2, to: 3 }],
  }),
  actionOf('update', 'newer', {
    reason: 'declared under another name',
    movedFrom: { kind: 'Stream', namespace: 'default', name: 'older' },
    cause: { file: 'streams.yaml', line: 20, column: 1 },
  }),
  actionOf('replace', 'clean', {
    kind: 'Pipeline',
    namespace: 'shop',
    risk: 'disruptive',
    reason: 'spec.pipeline.processors[0].mapping changed; it restarts',
    cause: { file: 'pipelines/clean.yaml', line: 4, column: 1 },
    changes: [
      {
        path: 'spec.pipeline.processors[0].mapping',
        from: 'root = this\nroot.a = 1\nroot.z = 9\n',
        to: 'root = this\nroot.a = 2\nroot.z = 9\n',
      },
    ],
  }),
  actionOf('readopt', 'back', { reason: 'declared again; its data is taken back' }),
  actionOf('adopt', 'wild', { reason: 'adopted', ownerBefore: 'api' }),
  actionOf('transfer', 'moved', { reason: 'transferred', ownerBefore: 'team-a' }),
  actionOf('release', 'free', { reason: 'released: it keeps running' }),
  actionOf('retain', 'old', { reason: 'no longer declared; its data is kept' }),
  actionOf('delete', 'gone', {
    risk: 'data-loss',
    reason: 'no longer declared',
    cost: COST,
  }),
  actionOf('blocked', 'many', {
    wanted: 'delete',
    blockedBy: 'OverBudget',
    reason: 'Too many would go at once.',
    cost: {
      ...COST,
      records: 1,
      bytes: 10,
      oldest: null,
      newest: null,
      consumers: [],
      readers: [],
    },
  }),
  actionOf('blocked', 'needs', {
    wanted: 'keep',
    blockedBy: 'DependencyNotReady',
    reason: 'It needs StreamType default/order, which is not declared.',
    cause: { file: 'a.yaml', line: 1, column: 1 },
  }),
]

const planOf = (actions: readonly PrintedAction[]): PrintedPlan => ({
  source: 'local',
  digest: 'd',
  destructiveDigest: null,
  actions,
  kept: 40,
})

describe('a plan for people', () => {
  test('signs, places, reasons, fields, cost and counts', () => {
    expect(planText(planOf(EVERYTHING), PLAIN)).toBe(`  + create Stream orders  streams.yaml:1:1
  ~ update Stream raw  streams.yaml:9:1
      spec.shards: 2 → 3
  ~ rename Stream newer  was Stream older  streams.yaml:20:1
      declared under another name
-/+ replace Pipeline shop/clean  (disruptive)  pipelines/clean.yaml:4:1
      it restarts
      spec.pipeline.processors[0].mapping:
        - root.a = 1
        + root.a = 2
  + readopt Stream back
      declared again; its data is taken back
  + adopt Stream wild  from source api
      adopted
  ~ transfer Stream moved  from source team-a
      transferred
  - release Stream free
      released: it keeps running
  - retain Stream old
      no longer declared; its data is kept
  - delete Stream gone
      no longer declared
      destroys 1,200 records (3.3 MiB), arrived 2026-01-01T08:00:00Z to 2026-01-31T08:00:00Z
      not read yet by: pipeline.clean (12 records), sink.shop (1 record)
      read by: Pipeline clean, Sink shop/big
  ! delete Stream many  held back [OverBudget]
      Too many would go at once.
      would destroy 1 record (10 B)
  ! Stream needs  held back [DependencyNotReady]  a.yaml:1:1
      It needs StreamType default/order, which is not declared.

Plan: 1 to create, 1 to update, 1 to rename, 1 to replace, 1 to readopt, 1 to adopt, 1 to transfer, 1 to release, 1 to retain, 1 to delete, 2 held back, 40 as declared.
Destroys 1,200 records (3.3 MiB) of Stream gone.
What is held back would destroy 1 record (10 B) of Stream many.
`)
  })

  test('fits a narrow terminal', () => {
    const actions = EVERYTHING.filter(({ name }) => ['clean', 'gone', 'many'].includes(name))
    const text = planText(planOf(actions), NARROW)
    expect(text).toBe(`-/+ replace Pipeline shop/clean  (disruptive)
      pipelines/clean.yaml:4:1
      it restarts
      spec.pipeline.processors[0].mapping:
        - root.a = 1
        + root.a = 2
  - delete Stream gone
      no longer declared
      destroys 1,200 records (3.3 MiB), arrived
      2026-01-01T08:00:00Z to
      2026-01-31T08:00:00Z
      not read yet by: pipeline.clean (12
      records), sink.shop (1 record)
      read by: Pipeline clean, Sink shop/big
  ! delete Stream many  held back [OverBudget]
      Too many would go at once.
      would destroy 1 record (10 B)

Plan: 1 to replace, 1 to delete, 1 held back, 40
as declared.
Destroys 1,200 records (3.3 MiB) of Stream gone.
What is held back would destroy 1 record (10 B)
of Stream many.
`)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(48)
  })

  test('is coloured by verb, and red where data goes', () => {
    const actions = EVERYTHING.filter(({ name }) => ['orders', 'raw', 'gone'].includes(name))
    expect(
      planText(planOf(actions), TAGGED),
    ).toBe(`<green>  + create Stream orders</green>  <dim>streams.yaml:1:1</dim>
<yellow>  ~ update Stream raw</yellow>  <dim>streams.yaml:9:1</dim>
      spec.shards: 2 → 3
<red>  - delete Stream gone</red>
      no longer declared
<red>      destroys 1,200 records (3.3 MiB), arrived 2026-01-01T08:00:00Z to 2026-01-31T08:00:00Z</red>
<red>      not read yet by: pipeline.clean (12 records), sink.shop (1 record)</red>
<red>      read by: Pipeline clean, Sink shop/big</red>

Plan: 1 to create, 1 to update, 1 to delete, 40 as declared.
<red>Destroys 1,200 records (3.3 MiB) of Stream gone.</red>
`)
  })

  test('tells once why many are held back', () => {
    const held = { wanted: 'retain', blockedBy: 'OverBudget', reason: 'Too many.' }
    const actions = [
      ...['a', 'b', 'c'].map((name) => actionOf('blocked', name, held)),
      actionOf('blocked', 'd', { ...held, reason: 'Protected.' }),
    ]
    expect(planText(planOf(actions), PLAIN).split('\n').slice(0, 6)).toEqual([
      '  ! retain Stream a  held back [OverBudget]',
      '  ! retain Stream b  held back [OverBudget]',
      '  ! retain Stream c  held back [OverBudget]',
      '      Too many.',
      '  ! retain Stream d  held back [OverBudget]',
      '      Protected.',
    ])
  })

  test('takes one line where there is nothing to do', () => {
    expect(planText(planOf([]), PLAIN)).toBe('Nothing to change: 40 resources as declared.\n')
  })

  test('cuts what is too long, and puts both values beneath where a line does not hold them', () => {
    const changes = [
      { path: 'spec.url', from: 'http://one.example/orders', to: 'http://two.example/orders' },
      { path: 'spec.tags', from: null, to: Array.from({ length: 60 }, (_, index) => `t${index}`) },
      { path: 'spec.mapping', from: 'a', to: Array.from({ length: 30 }, () => 'x').join('\n') },
    ]
    const lines = planText(planOf([actionOf('update', 's', { changes })]), NARROW).split('\n')
    expect(lines.slice(1, 8)).toEqual([
      '      spec.url:',
      '        - "http://one.example/orders"',
      '        + "http://two.example/orders"',
      '      spec.tags:',
      expect.stringMatching(/^ {8}\+ \["t0",.*…$/),
      '      spec.mapping:',
      '        - a',
    ])
    expect(lines[28]).toBe('        … 10 more lines')
  })
})

describe('a plan in Markdown', () => {
  test('counts, warns, lists, and folds the fields', () => {
    const actions = EVERYTHING.filter(({ name }) =>
      ['orders', 'raw', 'gone', 'many'].includes(name),
    )
    expect(
      planMarkdown(planOf(actions)),
    ).toBe(`### Headgate plan for \`local\`: 1 to create, 1 to update, 1 to delete, 1 held back, 40 as declared

> [!CAUTION]
> Destroys 1,200 records (3.3 MiB) of Stream gone. What is held back would destroy 1 record (10 B) of Stream many.

| | resource | why | where |
|---|---|---|---|
| \`+\` create | Stream orders | declared for the first time | \`streams.yaml:1:1\` |
| \`~\` update | Stream raw | \`spec.shards\` | \`streams.yaml:9:1\` |
| \`-\` delete | Stream gone | no longer declared **1,200 records (3.3 MiB)** |  |
| \`!\` delete, held back | Stream many | \`OverBudget\` Too many would go at once. **1 record (10 B)** |  |

<details><summary>Fields that change</summary>

\`\`\`text
Stream raw
  spec.shards: 2 → 3
\`\`\`

</details>
`)
    expect(planMarkdown(planOf([]))).toBe(
      '### Headgate: nothing to change\n\nSource `local`: 40 resources as declared.\n',
    )
  })

  test('is broken by nothing that people wrote', () => {
    const reason = 'a | b\nc'
    const changes = [{ path: 'spec.m', from: null, to: '```\nx\n```' }]
    const text = planMarkdown(planOf([actionOf('update', 's', { reason, changes })]))
    expect(text).toContain('| a \\| b c |')
    expect(text).toContain('~~~~text')
  })
})
