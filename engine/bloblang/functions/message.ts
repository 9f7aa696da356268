/** Functions that read the message and its batch. */
import type { FunctionDefinition } from '../definition.ts'
import { getPath } from '../values/dot-path.ts'
import { setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { valueText } from '../values/value-text.ts'

const reads = { category: 'message', status: 'stable' } as const

export const messageFunctions: readonly FunctionDefinition[] = [
  {
    name: 'content',
    ...reads,
    description: 'The payload of the message as bytes, whatever the mapping assigned before.',
    parameters: [],
    examples: [
      {
        mapping: 'root.text = content().string()',
        input: 'not json',
        output: '{"text":"not json"}',
      },
    ],
    build: () => (frame) => frame.run.source.content(),
  },
  {
    name: 'json',
    ...reads,
    description: 'The document of the message, or what is at a dot path in it, whatever `this` is.',
    parameters: [{ name: 'path', type: 'string', description: 'A dot path.', default: '' }],
    examples: [
      { mapping: 'root = json("a.b")', input: '{"a":{"b":[1]}}', output: '[1]' },
      { mapping: 'root = json()', input: '{"a":1}', output: '{"a":1}' },
    ],
    build: (site) => {
      const path = site.string('path')
      return (frame) => {
        const document = frame.run.source.document()
        const wanted = path(frame)
        return wanted === '' ? document : (getPath(document, wanted) ?? null)
      }
    },
  },
  {
    name: 'metadata',
    ...reads,
    description:
      'A metadata value of the message as it came in, null when there is none; without a key all of them.',
    parameters: [{ name: 'key', type: 'string', description: 'The key.', default: '' }],
    examples: [{ mapping: 'meta a = "new"\nroot.a = metadata("a")', output: '{"a":null}' }],
    build: (site) => {
      const key = site.string('key')
      if (site.given('key')) return (frame) => frame.run.source.metadata(key(frame)) ?? null
      return (frame) => {
        const all: ObjectValue = {}
        const { source } = frame.run
        for (const name of source.metadataKeys()) setKey(all, name, source.metadata(name) ?? null)
        return all
      }
    },
  },
  {
    name: 'meta',
    category: 'message',
    status: 'deprecated',
    description:
      'A metadata value of the message as text, without a key all of them. Use `metadata` or `@`.',
    parameters: [{ name: 'key', type: 'string', description: 'The key.', default: '' }],
    examples: [
      { mapping: 'root.a = meta("a")', output: '{"a":null}' },
      { mapping: 'root = meta()', output: '{}' },
    ],
    build: (site) => {
      const key = site.string('key')
      if (!site.given('key')) {
        return (frame) => {
          const { source } = frame.run
          return allAsText(source.metadataKeys(), (name) => source.metadata(name))
        }
      }
      return (frame) => asText(frame.run.source.metadata(key(frame)))
    },
  },
  {
    name: 'root_meta',
    category: 'message',
    status: 'deprecated',
    description: 'A metadata value as changed so far, as text, without a key all of them. Use `@`.',
    parameters: [{ name: 'key', type: 'string', description: 'The key.', default: '' }],
    examples: [
      { mapping: 'meta a = 5\nroot.a = root_meta("a")', output: '{"a":"5"}' },
      { mapping: 'meta a = 5\nroot = root_meta()', output: '{"a":"5"}' },
    ],
    build: (site) => {
      const key = site.string('key')
      if (!site.given('key')) {
        return (frame) => {
          const { metadata, own } = frame.run
          return metadata === undefined
            ? allAsText(own.metadataKeys(), (name) => own.metadata(name))
            : allAsText(metadata.keys(), (name) => metadata.get(name))
        }
      }
      return (frame) => {
        const { metadata, own } = frame.run
        return asText(metadata === undefined ? own.metadata(key(frame)) : metadata.get(key(frame)))
      }
    },
  },
  {
    name: 'error',
    ...reads,
    description: 'The text of the error that the message is flagged with, or null.',
    parameters: [],
    examples: [{ mapping: 'root.error = error()', output: '{"error":null}' }],
    build: () => (frame) => frame.run.source.failure()?.text ?? null,
  },
  {
    name: 'errored',
    ...reads,
    description: 'Whether the message is flagged with an error.',
    parameters: [],
    examples: [{ mapping: 'root.failed = errored()', output: '{"failed":false}' }],
    build: () => (frame) => frame.run.source.failure() !== undefined,
  },
  ...(
    [
      [
        'error_source_name',
        'The name of the component that flagged the message, or null.',
        'sourceName',
      ],
      [
        'error_source_label',
        'The label of the component that flagged the message, or null.',
        'sourceLabel',
      ],
      [
        'error_source_path',
        'The path of the component that flagged the message, or null.',
        'sourcePath',
      ],
    ] as const
  ).map(
    ([name, description, field]): FunctionDefinition => ({
      name,
      ...reads,
      description,
      parameters: [],
      examples: [{ mapping: `root.from = ${name}()`, output: '{"from":null}' }],
      build: () => (frame) => frame.run.source.failure()?.[field] ?? null,
    }),
  ),
  {
    name: 'batch_index',
    ...reads,
    description: 'The place of the message in its batch, from 0.',
    parameters: [],
    examples: [{ mapping: 'root.at = batch_index()', output: '{"at":0}' }],
    build: () => (frame) => frame.run.index,
  },
  {
    name: 'batch_size',
    ...reads,
    description: 'How many messages the batch has.',
    parameters: [],
    examples: [{ mapping: 'root.size = batch_size()', output: '{"size":1}' }],
    build: () => (frame) => frame.run.batch.length,
  },
]

function asText(value: Value | undefined): Value {
  return value === undefined ? null : valueText(value)
}

function allAsText(keys: Iterable<string>, read: (key: string) => Value | undefined): ObjectValue {
  const all: ObjectValue = {}
  for (const key of keys) setKey(all, key, asText(read(key)))
  return all
}
