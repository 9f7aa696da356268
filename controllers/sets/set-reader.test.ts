import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GRANTS_ALL, SCOPE_ALL } from '../config/implied-source.ts'
import { FileCache } from './file-cache.ts'
import { readSet, SetReader, type SetReaderOptions } from './read-set.ts'
import type { ResourceSet } from './resource-set.ts'
import { inspectorOf } from './testing.ts'

const NAMES = ['a', 'b', 'c']

const document = fc.oneof(
  fc.record({
    kind: fc.constant('Stream'),
    name: fc.constantFrom(...NAMES),
    spec: fc.record(
      {
        type: fc.constantFrom(...NAMES),
        id: fc.constantFrom('x', 'X', 'b'),
        shards: fc.constantFrom<unknown>(1, 2, 'many'),
        indexes: fc.constantFrom([], ['v']),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    kind: fc.constant('StreamType'),
    name: fc.constantFrom(...NAMES),
    spec: fc.record(
      {
        baseType: fc.constantFrom(...NAMES),
        properties: fc.constantFrom<unknown>(
          [{ id: 'k', type: 'Int64', key: 1 }],
          [{ id: 'v', type: 'String' }],
          [{ id: 'n', type: 'b' }],
          'none',
        ),
      },
      { requiredKeys: ['properties'] },
    ),
  }),
  fc.record({
    kind: fc.constant('Sink'),
    name: fc.constantFrom(...NAMES),
    spec: fc.record({
      from: fc.record({ stream: fc.constantFrom(...NAMES) }),
      endpoint: fc.constant({ type: 'standard', url: 'http://127.0.0.1:1/' }),
    }),
  }),
)

const fileText = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(document, { maxLength: 3 }).map((documents) =>
      documents
        .map(({ kind, name, spec }) =>
          JSON.stringify({
            apiVersion: 'headgate.dev/v1alpha1',
            kind,
            metadata: { name },
            spec,
          }),
        )
        .join('\n---\n'),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'a: [', 'just: a mapping') },
)

/** One file at a time is written or removed, as people do. */
const edit = fc.record({
  path: fc.constantFrom('1.yaml', '2.yaml', '3.yaml', 'd/4.yaml'),
  text: fc.option(fileText, { nil: undefined, freq: 3 }),
  known: fc.option(fc.subarray([...NAMES]), { nil: [], freq: 1 }),
  held: fc.subarray(['1.yaml', '2.yaml']),
})

describe('a reader that is kept', () => {
  test('answers at every look what a new one would', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 4, maxLength: 12 }), async (edits) => {
        let known: readonly string[] = []
        const options: SetReaderOptions = {
          source: 'local',
          scope: SCOPE_ALL,
          grants: GRANTS_ALL,
          directory: '/',
          cache: new FileCache(inspectorOf()),
          known: ({ name }) => known.includes(name),
        }
        const reader = new SetReader(options)
        const contents = new Map<string, Uint8Array>()
        for (const { path, text, known: names, held } of edits) {
          known = names
          if (text === undefined) contents.delete(path)
          else contents.set(path, Buffer.from(text))
          const files = {
            files: [...contents].map(([path, bytes]) => ({ path, bytes })),
            notes: [],
            unreadable: [],
            held: (path: string) => held.includes(path),
          }
          const afresh = { ...options, cache: new FileCache(inspectorOf()), ...files }
          expect(comparable(await reader.read(files))).toEqual(comparable(await readSet(afresh)))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('keeps the very members that nothing touched', async () => {
    const reader = new SetReader({
      source: 'local',
      scope: SCOPE_ALL,
      grants: GRANTS_ALL,
      directory: '/',
      cache: new FileCache(inspectorOf()),
      known: () => false,
    })
    const stream = (name: string, shards: number): string =>
      `apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: ${name}}\nspec: {shards: ${shards}}\n`
    const files = (shards: number) => ({
      files: ['a', 'b'].map((name) => ({
        path: `${name}.yaml`,
        bytes: Buffer.from(stream(name, name === 'a' ? shards : 1)),
      })),
      notes: [],
      unreadable: [],
      held: () => false,
    })
    const first = await reader.read(files(1))
    const second = await reader.read(files(2))
    const [a, b] = ['Stream/default/a', 'Stream/default/b']
    expect(second.members.get(b)).toBe(first.members.get(b))
    expect(second.members.get(a)).not.toEqual(first.members.get(a))
  })
})

function comparable({ members, ...set }: ResourceSet): unknown {
  return { ...set, members: [...members].sort(([a], [b]) => (a < b ? -1 : 1)) }
}
