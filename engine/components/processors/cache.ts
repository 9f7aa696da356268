/** One operation of a cache for each message. */
import { Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import type { Cache } from '../../pipelines/cache.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { cacheField, interpolatedField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { eachMessage } from '../each-message.ts'
import { whenReady } from '../in-turn.ts'

const OPERATORS = ['set', 'add', 'get', 'delete', 'exists'] as const
type Operator = (typeof OPERATORS)[number]

export const cacheProcessor: ProcessorDefinition = defineProcessor({
  name: 'cache',
  status: 'stable',
  effects: 'write',
  summary: 'Sets, adds, gets, deletes or looks for a key of a cache, for each message.',
  description:
    '`get` puts the value in place of the content, and `exists` puts true or false there. `add` fails for a key that is ' +
    'there, and `get` for one that is not: the message is flagged and stays as it was.',
  config: Type.Object({
    resource: cacheField({ description: 'The cache.' }),
    operator: Type.Unsafe<Operator>({
      type: 'string',
      enum: [...OPERATORS],
      description: 'What to do.',
    }),
    key: interpolatedField({ description: 'The key.', examples: ['${! this.id }'] }),
    value: interpolatedField({
      description: 'The value, for `set` and `add`.',
      default: '',
      examples: ['${! content() }'],
    }),
    ttl: interpolatedField({
      description: 'How long the value stays; empty leaves it to the cache.',
      default: '',
      examples: ['60s', '${! @ttl }'],
    }),
  }),
  examples: [
    {
      title: 'What the cache knows',
      config: { resource: 'names', operator: 'get', key: '${! content() }' },
      resources: {
        cache_resources: [
          { label: 'names', memory: { init_values: { de: '{"name":"Germany"}' } } },
        ],
      },
      given: ['de'],
      then: [{ name: 'Germany' }],
    },
  ],
  build: async (config, context) => {
    const cache = await context.cache(config.resource)
    const texts = {
      key: context.interpolation(config.key),
      value: context.interpolation(config.value),
    }
    const ttl = context.interpolation(config.ttl)
    const operate = OPERATIONS[config.operator]
    return eachMessage(context, (message, index, batch) =>
      operate(message, {
        cache,
        key: texts.key.text(batch, index),
        value: () => bytesOf(texts.value, batch, index),
        ttlMs: () => context.durationMs(ttl.text(batch, index)),
      }),
    )
  },
})

interface Use {
  readonly cache: Cache
  readonly key: string
  value(): Uint8Array
  ttlMs(): number | undefined
}

type Operate = (message: Message, use: Use) => Message | Promise<Message>

const OPERATIONS: Readonly<Record<Operator, Operate>> = {
  set: (message, { cache, key, value, ttlMs }) =>
    whenReady(cache.set(key, value(), ttlMs()), () => message),
  add: (message, { cache, key, value, ttlMs }) =>
    whenReady(cache.add(key, value(), ttlMs()), (added) => {
      if (added) return message
      throw new HeadgateError('AlreadyExists', `key already exists: ${JSON.stringify(key)}`)
    }),
  get: (message, { cache, key }) =>
    whenReady(cache.get(key), (value) => {
      if (value !== undefined) return message.withContent(value)
      throw new HeadgateError('NotFound', `key does not exist: ${JSON.stringify(key)}`)
    }),
  delete: (message, { cache, key }) => whenReady(cache.delete(key), () => message),
  exists: (message, { cache, key }) =>
    whenReady(cache.get(key), (value) => message.withValue(value !== undefined)),
}

function bytesOf(text: Interpolation, batch: Batch, index: number): Uint8Array {
  return Buffer.from(text.text(batch, index))
}
