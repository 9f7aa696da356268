/** Lets go of what another output rejects, where the config says so. */
import { Type } from '../../../crds/typebox.ts'
import { compileRegexp } from '../../bloblang/regexp/regexp.ts'
import { asHeadgateError, type HeadgateError } from '../../error.ts'
import { type ConfigFault, defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { outputField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { undelivered } from './undelivered.ts'

export const dropOn: OutputDefinition = defineOutput({
  name: 'drop_on',
  status: 'stable',
  effects: 'none',
  summary: 'Lets go of messages that another output rejects.',
  description: 'What is dropped counts as delivered, and nothing else tells of it.',
  config: Type.Object({
    error: Type.Boolean({
      default: false,
      description: 'Whether every message that is rejected is dropped.',
    }),
    error_patterns: Type.Array(Type.String(), {
      default: [],
      description: 'Regular expressions; a message whose reason matches one is dropped.',
    }),
    back_pressure: Type.Literal('', { default: '', description: 'Not available yet.' }),
    output: outputField({ description: 'Where messages go first.' }),
  }),
  delivery: 'wraps',
  check: ({ error_patterns }) => patternFaults(error_patterns),
  examples: [
    {
      title: 'Nothing is sent twice',
      config: { error: true, output: { http_client: { url: 'http://127.0.0.1:8080/in' } } },
    },
    {
      title: 'What the other side finds invalid',
      config: {
        error_patterns: ['answered 400'],
        output: { http_client: { url: 'http://127.0.0.1:8080/in', drop_on: [400] } },
      },
    },
  ],
  build: async ({ error, error_patterns, output: config }, context) => {
    const output = await context.output(config, ['output'])
    const patterns = error_patterns.map(compileRegexp)
    const drops = (reason: HeadgateError): boolean =>
      error || patterns.some((pattern) => pattern.test(reason.message))
    return {
      connect: (signal) => output.connect(signal),
      write: async (batch, delivery) => {
        try {
          await output.write(batch, delivery)
        } catch (thrown) {
          // The pipeline stops: that is no reason to lose anything.
          if (delivery.signal.aborted) throw thrown
          const kept = keptOf(asHeadgateError(thrown), batch, drops)
          if (kept.size > 0) throw new BatchError(kept)
        }
      },
      relay: (order) => output.relay?.(order),
      close: () => output.close(),
    }
  },
})

function patternFaults(patterns: readonly string[]): readonly ConfigFault[] {
  return patterns.flatMap((pattern, index) => {
    if (pattern.includes('${')) return []
    try {
      compileRegexp(pattern)
      return []
    } catch (thrown) {
      return [{ path: ['error_patterns', index], message: asHeadgateError(thrown).message }]
    }
  })
}

function keptOf(
  error: HeadgateError,
  batch: Batch,
  drops: (reason: HeadgateError) => boolean,
): ReadonlyMap<Message, HeadgateError> {
  const kept = new Map<Message, HeadgateError>()
  for (const message of undelivered(error, batch)) {
    const own = (error instanceof BatchError ? error.failed.get(message) : undefined) ?? error
    if (!drops(own)) kept.set(message, own)
  }
  return kept
}
