import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PipelineInspection } from '../../engine/pipelines/pipeline.ts'
import { SUGGESTIONS_MAX } from './declared-names.ts'
import { FileCache } from './file-cache.ts'
import { ALIASES_MAX, FILE_BYTES_MAX, FILE_DOCUMENTS_MAX, LEVELS_MAX } from './limits.ts'
import type { ResourceSet } from './resource-set.ts'
import { inspectorOf, readTexts } from './testing.ts'

const HEAD = 'apiVersion: headgate.dev/v1alpha1\n'
const stream = (name: string, spec = ''): string =>
  `${HEAD}kind: Stream\nmetadata: {name: ${name}}\n${spec}`
const pipeline = `${HEAD}kind: Pipeline
metadata: {name: p}
spec:
  input:
    stdin: {}
  pipeline:
    processors:
      - mapping: |
          root = this
          root.a = bad(
  output:
    stdout:
`
const codes = (set: ResourceSet): readonly string[] => set.problems.map(({ code }) => code)
const digestOf = (set: ResourceSet): readonly unknown[] =>
  [...set.members.values()].map((member) =>
    member.state === 'valid' ? member.resource.digest : undefined,
  )
const told = (inspection: Partial<PipelineInspection>): { cache: FileCache } => ({
  cache: new FileCache(inspectorOf(inspection)),
})

describe('limits are inclusive', () => {
  test('a file of exactly 1 MiB is read, one byte more is refused', async () => {
    const fill = (bytes: number): string => {
      const text = `${stream('a')}#`
      return text + 'x'.repeat(bytes - text.length)
    }
    expect((await readTexts({ 'a.yaml': fill(FILE_BYTES_MAX) })).complete).toBe(true)
    const over = await readTexts({ 'a.yaml': fill(FILE_BYTES_MAX + 1) })
    expect(codes(over)).toEqual(['LimitExceeded'])
    expect(over.complete).toBe(false)
  })

  test('a file of 1,000 documents is read, one more is refused', async () => {
    const documents = (count: number): string =>
      Array.from({ length: count }, (_, index) => stream(`s${index}`)).join('---\n')
    const full = await readTexts({ 'a.yaml': documents(FILE_DOCUMENTS_MAX) })
    expect([full.members.size, full.complete]).toEqual([FILE_DOCUMENTS_MAX, true])
    const over = await readTexts({ 'a.yaml': documents(FILE_DOCUMENTS_MAX + 1) })
    expect([codes(over), over.complete]).toEqual([['LimitExceeded'], false])
  })

  test('what is piped in has limits of its own, in bytes and in documents', async () => {
    const two = Buffer.from(`${stream('a')}---\n${stream('b')}`)
    const read = (bytesMax: number, documentsMax: number) =>
      readTexts({}, { files: [{ path: '-', bytes: two, limits: { bytesMax, documentsMax } }] })
    expect((await read(two.length, 2)).members.size).toBe(2)
    expect(codes(await read(two.length - 1, 2))).toEqual(['LimitExceeded'])
    expect(codes(await read(two.length, 1))).toEqual(['LimitExceeded'])
  })

  test('100 aliases in a document are followed, one more is refused; a text with a star is none', async () => {
    const listed = (count: number, entry: string): string =>
      `foo: &a b\nstars:\n${`  - ${entry}\n`.repeat(count)}`
    const codesOf = async (text: string) => codes(await readTexts({ 'a.yaml': text }))
    expect(await codesOf(listed(ALIASES_MAX, '*a'))).not.toContain('LimitExceeded')
    expect(await codesOf(listed(ALIASES_MAX + 1, '*a'))).toContain('LimitExceeded')
    expect(await codesOf(listed(ALIASES_MAX + 1, '"*a"'))).not.toContain('LimitExceeded')
    expect(await codesOf(listed(ALIASES_MAX + 1, '|\n   *a'))).not.toContain('LimitExceeded')
    const two = `${listed(ALIASES_MAX, '*a')}---\n${listed(ALIASES_MAX, '*a')}`
    expect(await codesOf(two)).not.toContain('LimitExceeded')
  })

  test('64 levels are read, one more is refused, and a million open brackets do no harm', async () => {
    const nested = (levels: number): string =>
      `${HEAD}kind: Pipeline\nmetadata: {name: p}\nspec: {input: ${'{a: '.repeat(levels - 2)}1${'}'.repeat(levels - 2)}, output: {drop: {}}}\n`
    expect(codes(await readTexts({ 'a.yaml': nested(LEVELS_MAX) }))).toEqual([])
    expect(codes(await readTexts({ 'a.yaml': nested(LEVELS_MAX + 1) }))).toContain('LimitExceeded')
    for (const text of ['['.repeat(1_000_000), '- '.repeat(500_000), '{a: '.repeat(250_000)]) {
      expect(codes(await readTexts({ 'a.yaml': text }))).toContain('LimitExceeded')
      expect((await readTexts({ 'a.json': text })).complete).toBe(false)
    }
  })
})

describe('what counts', () => {
  test('a later document of a file with a syntax error still stands, and the set is incomplete', async () => {
    const set = await readTexts({ 'a.yaml': `${stream('a')}---\nkind: "Stream\n` })
    expect([...set.members.keys()]).toEqual(['Stream/default/a'])
    expect(set.complete).toBe(false)
  })

  test('an invalid document that is identified is a member, and the set is complete', async () => {
    const set = await readTexts({ 'a.yaml': stream('a', 'spec: {shards: 0}\n') })
    expect(set.members.get('Stream/default/a')?.state).toBe('invalid')
    expect(set.complete).toBe(true)
  })

  test('a file that held resources and holds none makes the set incomplete', async () => {
    const held = (): boolean => true
    expect(codes(await readTexts({ 'a.yaml': '# later\n' }, { held }))).toEqual(['FileEmptied'])
    expect((await readTexts({ 'a.yaml': '# later\n' })).complete).toBe(true)
    expect((await readTexts({ 'a.yaml': 'other: 1\n' }, { held })).complete).toBe(false)
    expect((await readTexts({ 'a.yaml': 'other: 1\n' })).complete).toBe(true)
  })

  test('kinds of other groups are ignored with a note, and lists are unwrapped', async () => {
    const set = await readTexts({
      'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
      'b.yaml': `apiVersion: v1\nkind: List\nitems:\n- apiVersion: headgate.dev/v1alpha1\n  kind: Stream\n  metadata: {name: b}\n`,
    })
    expect([...set.members.keys()]).toEqual(['Stream/default/b'])
    expect(set.notes).toEqual(['a.yaml:1: ignored v1 ConfigMap'])
    expect(set.problems).toEqual([])
  })

  test('a bare config in a folder named streams is a Pipeline named by its file, anchors and all', async () => {
    const text =
      'input: &in\n  generate: {mapping: "root = {}"}\noutput:\n  drop: {<<: *in, yes: !!str 1}\nlogger: {}\n'
    const set = await readTexts({ 'x/streams/orders.yaml': text, 'x/orders.yaml': text })
    const member = set.members.get('Pipeline/default/orders')
    expect(member?.state === 'valid' && member.resource.spec).toEqual({
      input: { generate: { mapping: 'root = {}' } },
      output: { drop: { yes: '1', generate: { mapping: 'root = {}' } } },
      paused: false,
    })
    expect(set.problems.map(({ file, code }) => [file, code])).toContainEqual([
      'x/orders.yaml',
      'NotOurs',
    ])
  })

  test('a bare config is called as in streams mode, and keeps an id that is no name', async () => {
    const text = 'input: {generate: {mapping: "root = {}"}}\noutput: {drop: {}}\n'
    const set = await readTexts({
      'streams/sensors/in_doors.yaml': text,
      'streams/plain.yaml': text,
      'streams/own_id.yaml': `id: mine\n${text}`,
    })
    const ids = [...set.members].map(([name, member]) => [
      name,
      member.state === 'valid' ? member.resource.spec['id'] : 'invalid',
    ])
    expect(ids.sort()).toEqual([
      ['Pipeline/default/own-id', 'mine'],
      ['Pipeline/default/plain', undefined],
      ['Pipeline/default/sensors-in-doors', 'sensors_in_doors'],
    ])
    expect(set.problems).toEqual([])
  })

  test('one name in two files makes each point to the other, and neither is valid', async () => {
    const set = await readTexts({ 'a.yaml': stream('s'), 'b.yaml': stream('s') })
    expect(set.members.get('Stream/default/s')?.state).toBe('invalid')
    expect(set.problems.map(({ file, message }) => [file, message])).toEqual([
      ['a.yaml', 'Stream default/s is declared twice; also in b.yaml:1'],
      ['b.yaml', 'Stream default/s is declared twice; also in a.yaml:1'],
    ])
  })
})

describe('the layers component and reference', () => {
  test('a Bloblang fault in a literal block is told at its own line and column', async () => {
    const problem = {
      path: ['pipeline', 'processors', 0, 'mapping'],
      at: 'value',
      severity: 'error',
      code: 'BloblangInvalid',
      message: 'no',
      within: { line: 2, column: 10 },
    } as const
    const set = await readTexts({ 'a.yaml': pipeline }, told({ problems: [problem] }))
    expect(set.problems[0]).toMatchObject({ layer: 'component', line: 11, column: 20 })
  })

  test('nulls of a pipeline body stay, because they name a component', async () => {
    const member = (await readTexts({ 'a.yaml': pipeline })).members.get('Pipeline/default/p')
    expect(member?.state === 'valid' && member.resource.spec['output']).toEqual({ stdout: null })
  })

  test('a stream that the catalog knows is resolved, one that nobody knows is not', async () => {
    const uses = told({ streams: [{ stream: 'orders', access: 'read', path: ['input', 'stdin'] }] })
    expect(codes(await readTexts({ 'a.yaml': pipeline }, uses))).toEqual(['ReferenceUnresolved'])
    expect(codes(await readTexts({ 'a.yaml': pipeline }, { ...uses, known: () => true }))).toEqual(
      [],
    )
  })

  test('what points to an invalid resource is no problem of its own', async () => {
    const set = await readTexts({
      'a.yaml': `${HEAD}kind: StreamType\nmetadata: {name: t}\nspec: {}\n---\n${stream('s', 'spec: {type: t}\n')}`,
    })
    expect(set.members.get('Stream/default/s')?.state).toBe('valid')
    expect(codes(set)).toEqual(['RuleViolated'])
  })

  test('a missing grant names the line to add', async () => {
    const grants = {
      namespaces: undefined,
      kinds: undefined,
      files: ['/data'],
      env: ['APP_*'],
      commands: false,
      listeners: ['127.0.0.1:*'],
      declaredIn: 'headgate.yaml',
    }
    const need = (kind: 'file' | 'env' | 'command' | 'listener', name: string) => ({
      kind,
      name,
      path: [kind === 'env' ? 'pipeline' : 'input'],
    })
    const fine = [need('file', '/data/x'), need('env', 'APP_X'), need('listener', '127.0.0.1:80')]
    const wrong = [
      need('file', '/data/../etc'),
      need('env', 'HOME'),
      need('command', 'ls'),
      need('listener', '0.0.0.0:80'),
    ]
    const set = await readTexts(
      { 'a.yaml': pipeline },
      { grants, ...told({ needs: [...fine, ...wrong] }) },
    )
    expect(set.problems.map(({ hint }) => hint)).toEqual([
      'add to source local in headgate.yaml: grants: {files: [/data/../etc]}',
      'add to source local in headgate.yaml: grants: {commands: true}',
      'add to source local in headgate.yaml: grants: {listeners: ["0.0.0.0:80"]}',
      'add to source local in headgate.yaml: grants: {env: [HOME]}',
    ])
  })

  test('what lies outside of the scope is an error', async () => {
    const set = await readTexts(
      { 'a.yaml': stream('a') },
      { scope: { namespaces: ['team'], kinds: ['Sink'] } },
    )
    expect(codes(set)).toEqual(['OutOfScope', 'OutOfScope'])
  })
})

describe('digests', () => {
  test('comments, order of keys, line ends, a byte-order mark and ways to write a value change none', async () => {
    const plain = stream('a', 'spec:\n  retention: {age: 24h, bytes: 1024MiB}\n  shards: 1\n')
    const other = `\uFEFF# note\n${stream('a', 'spec:\n  shards: 1\n  tags:\n  retention: # kept\n    bytes: "1GiB"\n    age: 1d\n')}`
    const json = JSON.stringify({
      spec: { retention: { bytes: '1GiB', age: '1440m' }, shards: 1 },
      metadata: { namespace: 'default', name: 'a', annotations: { 'example.com/x': 'y' } },
      kind: 'Stream',
      apiVersion: 'headgate.dev/v1alpha1',
    })
    const digests = [
      digestOf(await readTexts({ 'a.yaml': plain })),
      digestOf(await readTexts({ 'b.yaml': other.replaceAll('\n', '\r\n') })),
      digestOf(await readTexts({ 'c.json': json })),
    ]
    expect(new Set(digests.map(String)).size).toBe(1)
    expect(digestOf(await readTexts({ 'a.yaml': plain.replace('24h', '25h') }))).not.toEqual(
      digests[0],
    )
  })

  test('the order of files changes nothing', async () => {
    const texts = Object.fromEntries(['c', 'a', 'b'].map((name) => [`${name}.yaml`, stream(name)]))
    const expected = await readTexts(texts)
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(Object.entries(texts), { minLength: 3 }),
        async (entries) => {
          const set = await readTexts(Object.fromEntries(entries))
          expect([set.digest, set.problems, [...set.members.keys()]]).toEqual([
            expected.digest,
            expected.problems,
            [...expected.members.keys()],
          ])
        },
      ),
    )
  })
})

describe('random input', () => {
  test('never crashes, and every problem has a place within the file', async () => {
    const scrap = fc.constantFrom(
      HEAD,
      'kind: Stream\n',
      'metadata: {name: a}\n',
      'spec:\n',
      '  shards: 1\n',
      '---\n',
      '- ',
      '{',
      ']',
      '"',
      '&a ',
      '*a',
      '<<: ',
      '!!x ',
      '|\n',
      '? ',
      '\t',
      ': ',
      '#',
      '%YAML 1.1\n',
      '😀',
      '\u0000',
    )
    const text = fc.oneof(
      fc.array(scrap, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
      fc.uint8Array({ maxLength: 200 }),
    )
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.constantFrom('a.yaml', 'a.json', 'streams/a.yaml'),
        async (bytes, path) => {
          const set = await readTexts({ [path]: bytes })
          for (const { line, column } of set.problems)
            expect(Math.min(line, column)).toBeGreaterThan(0)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('an alias bomb stops at its bound', async () => {
    const levels = Array.from(
      { length: 30 },
      (_, index) =>
        `l${index}: &l${index} [${
          index === 0
            ? '1'
            : Array(9)
                .fill(`*l${index - 1}`)
                .join(', ')
        }]`,
    )
    const set = await readTexts({ 'streams/bomb.yaml': `${levels.join('\n')}\n` })
    expect(codes(set)).toContain('LimitExceeded')
  })
})

test('a folder that is away is not to be removed, unlike an entry that cannot be read', async () => {
  const unreadable = ['.', 'a.yaml'].map((path) => ({ path, because: 'ENOENT' }))
  const { problems, complete } = await readTexts({}, { unreadable })
  expect(complete).toBe(false)
  expect(problems.map(({ hint }) => hint)).toEqual([
    'it is read once it is there and at rest; until then nothing of this source is deleted',
    'make it readable or remove it; until then nothing of this source is deleted',
  ])
})

test('the first hundred unresolved names are compared with what there is, the others just told', async () => {
  const names = Array.from({ length: SUGGESTIONS_MAX + 1 }, (_, index) => index)
  const typed = names.map((index) => stream(`s${index}`, 'spec: {type: redaing}\n')).join('---\n')
  const type = `${HEAD}kind: StreamType\nmetadata: {name: reading}\nspec: {jsonSchema: {}}\n`
  const { problems } = await readTexts({ 'a.yaml': typed, 'types.yaml': type })
  expect(problems.map(({ hint }) => hint)).toEqual([
    ...names.slice(0, SUGGESTIONS_MAX).map(() => 'did you mean reading?'),
    'declare StreamType redaing',
  ])
})

test('quotes are advised for a text, and not for a number of another form', async () => {
  const text = pipeline.replace('  pipeline:\n', '  pipeline:\n    threads: 1.5\n    shard_by: 3\n')
  const { problems } = await readTexts({ 'a.yaml': text })
  const hintAt = (line: number): unknown => problems.find((one) => one.line === line)
  expect(hintAt(8)).toMatchObject({
    message: 'expected a whole number or text, got the number 1.5',
  })
  expect(hintAt(8)).not.toHaveProperty('hint')
  expect(hintAt(9)).toMatchObject({ hint: 'put it in quotes' })
})
