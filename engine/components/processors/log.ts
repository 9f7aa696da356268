/** Writes a line to the log for each message, and passes it on unchanged. */
import { Type } from '../../../crds/typebox.ts'
import { UNCHANGED } from '../../bloblang/mapping.ts'
import { formatTimestamp } from '../../bloblang/values/timestamp.ts'
import {
  IntegralFloat,
  NumberText,
  type ObjectValue,
  Timestamp,
  type Value,
} from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { interpolatedField, mappingField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import type { LogFields, Logger } from '../../ports/logger.ts'

const LEVELS: Readonly<Record<string, keyof Logger | undefined>> = {
  OFF: undefined,
  FATAL: 'error',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'debug',
  ALL: 'debug',
}
const levelNames = Object.keys(LEVELS).flatMap((level) => [level, level.toLowerCase()])

export const log: ProcessorDefinition = defineProcessor({
  name: 'log',
  status: 'stable',
  effects: 'write',
  portable: true,
  summary: 'Writes a log line for each message.',
  config: Type.Object({
    level: Type.Unsafe<string>({
      type: 'string',
      enum: levelNames,
      default: 'INFO',
      description: 'How serious the line is.',
    }),
    message: interpolatedField({
      description: 'The line.',
      default: '',
      examples: ['got ${! this.id }'],
    }),
    fields_mapping: mappingField({
      description: 'A mapping whose object becomes structured fields of the line.',
      default: '',
      examples: ['root.reason = error()'],
    }),
    fields: Type.Unsafe<Readonly<Record<string, string>>>(
      Type.Record(Type.String(), interpolatedField({ description: 'A field.' }), {
        default: {},
        description:
          'Deprecated: use `fields_mapping`. Fields of the line that are texts; they take the place of those of the mapping.',
      }),
    ),
  }),
  examples: [
    {
      title: 'Say what came',
      config: { level: 'DEBUG', message: 'got ${! this.id }', fields_mapping: 'root.id = this.id' },
      given: [{ id: 1 }],
      then: [{ id: 1 }],
    },
  ],
  build: (config, context) => {
    const text = context.interpolation(config.message)
    const fieldsOf = fieldsReader(config, context)
    const level = LEVELS[config.level.toUpperCase()]
    const { logger } = context.environment
    return {
      process(batch) {
        if (level === undefined) return [batch]
        return [
          batch.map((message, index) => {
            try {
              logger[level](text.text(batch, index), fieldsOf(batch, index))
              return message
            } catch (thrown) {
              return message.withFailure(context.failure(thrown))
            }
          }),
        ]
      },
    }
  },
})

type FieldsOf = (batch: Batch, index: number) => LogFields | undefined

interface FieldsConfig {
  readonly fields_mapping: string
  readonly fields: Readonly<Record<string, string>>
}

function fieldsReader({ fields_mapping, fields }: FieldsConfig, context: BuildContext): FieldsOf {
  const mapped = mappedFields(fields_mapping, context)
  const texts = Object.entries(fields).map(
    ([key, text]) => [key, context.interpolation(text)] as const,
  )
  if (texts.length === 0) return mapped
  return (batch, index) => ({
    ...mapped(batch, index),
    ...Object.fromEntries(texts.map(([key, text]) => [key, text.text(batch, index)])),
  })
}

function mappedFields(text: string, context: BuildContext): FieldsOf {
  if (text === '') return () => undefined
  const mapping = context.mapping(text)
  return (batch, index) => {
    const { root } = mapping.map(batch, index)
    if (root === UNCHANGED) return undefined
    if (isFields(root)) return plain(root) as LogFields
    throw new HeadgateError('MappingFailed', 'expected fields_mapping to give an object')
  }
}

function isFields(value: unknown): value is ObjectValue {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  )
}

/** As any logger can write it; a number that a logger would change is text. */
function plain(value: Value): unknown {
  if (value instanceof IntegralFloat) return value.value
  if (value instanceof NumberText) return plainNumber(value.text)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function plainNumber(text: string): number | string {
  const number = Number(text)
  const kept = Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number)
  return kept ? number : text
}
