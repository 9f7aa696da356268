import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTexts } from '../controllers/sets/testing.ts'
import type { ResourceObject } from '../crds/resource.ts'
import { declarationsText, hiddenSecrets } from './declarable.ts'

/** Texts that readers of YAML take for something else, and all others. */
const text = fc.oneof(
  fc.constantFrom(
    'no',
    'On',
    '012',
    '1_000',
    '1:30',
    '~',
    '0x10',
    '.inf',
    '<<',
    '2026-01-01',
    '1e3',
  ),
  fc.constantFrom(
    'a: b',
    '- a',
    '# a',
    'a\n  b\n',
    ' a ',
    '"',
    "'",
    '\t',
    '---\na',
    'a\r\nb',
    '{',
    '',
  ),
  fc.string({ unit: 'binary' }).map((value) => value.toWellFormed()),
)
const body = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter(isKeptExactly),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
})).value

const metadata = fc.record(
  {
    name: fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/),
    namespace: fc.constantFrom('default', 'shop', 'no', 'on', '012'),
    labels: fc.dictionary(
      fc.constantFrom('app', 'shop.example/tier'),
      fc.constantFrom('a', 'no', '1', ''),
    ),
    annotations: fc.dictionary(fc.constantFrom('headgate.dev/note', 'team.example/a'), text),
  },
  { requiredKeys: ['name', 'namespace'] },
)

const pipeline = fc.record({ kind: fc.constant('Pipeline'), metadata, body }).map(
  ({ kind, metadata: meta, body: value }): ResourceObject => ({
    apiVersion: 'headgate.dev/v1alpha1',
    kind,
    metadata: { ...meta, uid: 'u', generation: 3, resourceVersion: '9' },
    spec: { paused: true, input: { generate: value }, output: { drop: { a: value } } },
    status: { owner: 'local' },
  }),
)

const stream = fc
  .record({
    metadata,
    shards: fc.integer({ min: 1, max: 9 }),
    description: text.filter((value) => value.length < 99),
  })
  .map(
    ({ metadata: meta, shards, description }): ResourceObject => ({
      apiVersion: 'headgate.dev/v1alpha1',
      kind: 'Stream',
      metadata: meta,
      spec: {
        shards,
        description,
        tags: ['no', '012'],
        retention: { age: '36h', bytes: '1536MiB' },
      },
    }),
  )

describe('what is live, as documents', () => {
  test('is read back as exactly what it was, whatever texts it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(pipeline, stream), { maxLength: 3 }), async (objects) => {
        const unique = [...new Map(objects.map((one) => [keyOf(one), one])).values()]
        const written = unique.map((object) => ({ ...object, status: undefined }))
        const json = await readTexts(
          Object.fromEntries(
            written.map((object, index) => [`${index}.json`, JSON.stringify(object)]),
          ),
        )
        const yaml = await readTexts({ 'all.yaml': declarationsText(unique) })
        const wrong = yaml.problems.filter(({ code }) => code !== 'ServerField')
        const faults = json.problems.filter(({ code }) => code !== 'ServerField')
        expect(wrong.map(({ message }) => message)).toEqual(faults.map(({ message }) => message))
        expect(digestsOf(yaml)).toEqual(digestsOf(json))
      }),
      { numRuns: 300 },
    )
  })

  test('leaves out what the server and kubectl keep for themselves', () => {
    const object: ResourceObject = {
      apiVersion: 'headgate.dev/v1alpha1',
      kind: 'Stream',
      metadata: {
        name: 'orders',
        namespace: 'default',
        uid: 'u',
        generation: 1,
        resourceVersion: '1',
        creationTimestamp: '2026-01-01T00:00:00Z',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
      spec: { shards: 2 },
      status: { records: 1 },
    }
    expect(
      declarationsText([object, { ...object, metadata: { name: 'raw', namespace: 'shop' } }]),
    ).toBe(
      `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: orders
spec:
  shards: 2
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: raw
  namespace: shop
spec:
  shards: 2
`,
    )
  })

  test('tells where a secret was hidden', () => {
    const spec = { a: [{ password: '***' }], url: 'https://***@host/', plain: 'x' }
    const object = { apiVersion: '', kind: 'Sink', metadata: { name: 's' }, spec }
    expect(hiddenSecrets(object)).toEqual(['spec.a[0].password', 'spec.url'])
  })
})

/** No other number is ever accepted. */
function isKeptExactly(value: number): boolean {
  return !Number.isInteger(value) || Number.isSafeInteger(value)
}

function keyOf({ kind, metadata: { namespace, name } }: ResourceObject): string {
  return `${kind}/${namespace}/${name}`
}

function digestsOf(set: Awaited<ReturnType<typeof readTexts>>): readonly unknown[] {
  return [...set.members]
    .map(([key, member]) => [key, member.state === 'valid' ? member.resource.digest : 'invalid'])
    .sort()
}
