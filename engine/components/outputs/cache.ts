/** Writes each message to a cache, under a key of its own. */
import { Type } from '../../../crds/typebox.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { cacheField, interpolatedField } from '../../pipelines/fields.ts'
import { allDelivered } from './undelivered.ts'

export const CACHE_MAX_IN_FLIGHT = 64

export const cacheOutput: OutputDefinition = defineOutput({
  name: 'cache',
  status: 'stable',
  effects: 'write',
  summary: 'Writes each message to a cache.',
  description: 'A value that is there is replaced. Whatever reads the cache sees it at once.',
  alone: true,
  config: Type.Object({
    target: cacheField({ description: 'The cache.' }),
    key: interpolatedField({
      default: '${!count("items")}-${!timestamp_unix_nano()}',
      description: 'The key of a message.',
      examples: ['${! this.id }'],
    }),
    ttl: interpolatedField({
      default: '',
      description: 'How long the value stays; empty leaves it to the cache.',
      examples: ['60s', '${! @ttl }'],
    }),
  }),
  delivery: 'sends',
  maxInFlight: CACHE_MAX_IN_FLIGHT,
  examples: [
    {
      title: 'Orders by their id, for an hour',
      config: { target: 'orders', key: '${! this.id }', ttl: '1h' },
      resources: { cache_resources: [{ label: 'orders', memory: {} }] },
    },
  ],
  build: async ({ target, key, ttl }, context) => {
    const cache = await context.cache(target)
    const [keys, ttls] = [context.interpolation(key), context.interpolation(ttl)]
    return {
      connect: async () => {},
      write: (batch) =>
        allDelivered(
          batch.map((message, index) => ({
            batch: [message],
            written: attempt(() =>
              cache.set(
                keys.text(batch, index),
                message.content(),
                ttlMs(context.durationMs, ttls.text(batch, index)),
              ),
            ),
          })),
        ),
      close: async () => {},
    }
  },
})

async function attempt(write: () => void | Promise<void>): Promise<void> {
  try {
    await write()
  } catch (thrown) {
    const error = asHeadgateError(thrown)
    throw error.code === 'Internal' ? new HeadgateError('OutputFailed', error.message) : error
  }
}

function ttlMs(parse: (text: string) => number | undefined, text: string): number | undefined {
  try {
    return parse(text)
  } catch (cause) {
    throw new HeadgateError(
      'OutputFailed',
      `expected a ttl such as 60s, got ${JSON.stringify(text)}`,
      {
        cause,
      },
    )
  }
}
