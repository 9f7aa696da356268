/**
 * Remembers what processors made of a message, and gives it to the next message with the same key.
 *
 * Format of a value: a list of the messages that came out, as JSON: `[{"content": BASE64, "metadata": {…}}]`. Metadata
 * keeps what JSON can hold. A value that is anything else is of somebody else, and fails the message.
 */
import { Type } from '../../../crds/typebox.ts'
import type { Interpolation, Query } from '../../bloblang/mapping.ts'
import { encodePayload } from '../../bloblang/values/encode-payload.ts'
import { parseDocument } from '../../bloblang/values/parse-document.ts'
import { setKey } from '../../bloblang/values/set-key.ts'
import type { ObjectValue, Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext, ProcessorChain } from '../../pipelines/build-context.ts'
import type { Cache } from '../../pipelines/cache.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { isRecord } from '../../pipelines/component-config.ts'
import {
  cacheField,
  interpolatedField,
  processorsField,
  queryField,
} from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { eachMessage } from '../each-message.ts'
import { whenReady } from '../in-turn.ts'

export const cached: ProcessorDefinition = defineProcessor({
  name: 'cached',
  status: 'experimental',
  effects: 'none',
  summary: 'Remembers what processors made of a message, for others with the same key.',
  description:
    'Each message is a batch of its own for the processors. What they made is kept with its metadata; where a message of it ' +
    'failed it is not kept. Only what this processor wrote can be read from the cache.',
  config: Type.Object({
    cache: cacheField({ description: 'The cache that remembers.' }),
    skip_on: queryField({
      description: 'Whether a result is not kept; it looks at the first message that came out.',
      default: '',
      examples: ['@http_status_code != 200'],
    }),
    key: interpolatedField({
      description: 'What messages with the same result have in common.',
      examples: ['${! this.user }'],
    }),
    ttl: interpolatedField({
      description: 'How long a result is kept; empty leaves it to the cache.',
      default: '',
      examples: ['5m'],
    }),
    processors: processorsField({ description: 'What makes the result.' }),
  }),
  examples: [
    {
      title: 'Once for each user',
      config: {
        cache: 'users',
        key: '${! this.user }',
        processors: [{ mapping: 'root.made_of = this.n' }],
      },
      resources: { cache_resources: [{ label: 'users', memory: {} }] },
      given: [
        { user: 'a', n: 1 },
        { user: 'a', n: 2 },
        { user: 'b', n: 3 },
      ],
      then: [{ made_of: 1 }, { made_of: 1 }, { made_of: 3 }],
    },
  ],
  build: async (config, context) => {
    const kept: Kept = {
      cache: await context.cache(config.cache),
      chain: await context.processors(config.processors, ['processors']),
      skip: config.skip_on.trim() === '' ? undefined : context.query(config.skip_on),
      ttl: context.interpolation(config.ttl),
      context,
    }
    const key = context.interpolation(config.key)
    const each = eachMessage(context, (message, index, batch, signal) => {
      const text = key.text(batch, index)
      return whenReady(kept.cache.get(text), (value) =>
        value === undefined ? make(kept, message, text, signal) : restore(message, value),
      )
    })
    return {
      process: (batch, signal) => each.process(batch, signal),
      close: () => kept.chain.close(),
    }
  },
})

interface Kept {
  readonly cache: Cache
  readonly chain: ProcessorChain
  readonly skip: Query | undefined
  readonly ttl: Interpolation
  readonly context: BuildContext
}

function make(
  kept: Kept,
  message: Message,
  key: string,
  signal: AbortSignal,
): readonly Message[] | Promise<readonly Message[]> {
  return whenReady(kept.chain.run([message], signal), (batches) => {
    const made = batches.flat()
    if (!mayKeep(kept, made)) return made
    const ttlMs = kept.context.durationMs(kept.ttl.text([message], 0))
    return whenReady(kept.cache.set(key, encode(made), ttlMs), () => made)
  })
}

/** A query that fails says nothing, and what nobody vouches for is not kept. */
function mayKeep({ skip, context }: Kept, made: Batch): boolean {
  if (made.some((message) => message.failure() !== undefined)) return false
  if (skip === undefined || made.length === 0) return true
  try {
    return !skip.test(made, 0)
  } catch (thrown) {
    context.environment.logger.debug('a result is not kept: skip_on failed', {
      reason: String(thrown),
    })
    return false
  }
}

function encode(made: Batch): Uint8Array {
  return encodePayload(
    made.map((message) => {
      const metadata: ObjectValue = {}
      for (const key of message.metadataKeys()) setKey(metadata, key, message.metadata(key) ?? null)
      return { content: Buffer.from(message.content()).toString('base64'), metadata }
    }),
  )
}

function restore(message: Message, value: Uint8Array): readonly Message[] {
  const entries = parseDocument(value)
  if (!Array.isArray(entries)) throw foreignValue()
  return entries.map((entry) => {
    if (!isRecord(entry)) throw foreignValue()
    const { content, metadata } = entry
    if (typeof content !== 'string' || !isRecord(metadata)) throw foreignValue()
    return message
      .withContent(Buffer.from(content, 'base64'))
      .withMetadata(new Map(Object.entries(metadata) as [string, Value][]))
  })
}

function foreignValue(): HeadgateError {
  return new HeadgateError('BadRequest', 'expected a result that cached wrote, got another value', {
    hint: 'use a cache, or keys, that nothing else writes to',
  })
}
