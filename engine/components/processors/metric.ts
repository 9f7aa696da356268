/** Counts messages, or what they say, in a series of the pipeline's own, and passes them on unchanged. */
import { type TSchema, Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type ConfigFault,
  defineProcessor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import type { MetricLabels } from '../../pipelines/component-metrics.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'

const TYPES = ['counter', 'counter_by', 'gauge', 'timing'] as const
type MetricType = (typeof TYPES)[number]

const labelsField = Type.Unsafe<Readonly<Record<string, string>>>({
  type: 'object',
  patternProperties: { '^.*$': interpolatedField({ description: 'The value of the label.' }) },
  default: {},
  description:
    'What else tells series of this name apart. Few values: each is a series of its own.',
  examples: [{ topic: '${! @kafka_topic }' }],
} as unknown as TSchema)

export const metric: ProcessorDefinition = defineProcessor({
  name: 'metric',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Counts messages in a metric of your own.',
  description: `The series shows beside those of the components, with the labels \`stream\`, \`label\` and \`path\`, and
vanishes with the pipeline. A value that is no number is counted as an error of the processor; the message goes on
unchanged, and without a flag.

- \`counter\` adds 1 for each message, whatever the value is.
- \`counter_by\` adds the value, a number of at least 0.
- \`gauge\` is the value that came last.
- \`timing\` takes the value as nanoseconds and tells their percentiles.`,
  config: Type.Object({
    type: Type.Unsafe<MetricType>({
      type: 'string',
      enum: [...TYPES],
      description: 'What is made of the values.',
    }),
    name: Type.String({ minLength: 1, description: 'The name of the metric.' }),
    labels: labelsField,
    value: interpolatedField({
      description: 'The number that the metric takes from each message.',
      default: '',
      examples: ['${! this.size }'],
    }),
  }),
  alone: true,
  check: ({ type, value }) => (type === 'counter' || value !== '' ? [] : [VALUE_MISSING]),
  examples: [
    {
      title: 'How large they are, by country',
      config: {
        type: 'counter_by',
        name: 'order_items',
        labels: { country: '${! this.country }' },
        value: '${! this.items.length() }',
      },
      given: [{ country: 'no', items: [1, 2] }],
      then: [{ country: 'no', items: [1, 2] }],
    },
  ],
  build: (config, context) => {
    const labelsOf = labelsReader(config.labels, context)
    const value = context.interpolation(config.value)
    const take = TAKERS[config.type](config.name, context)
    return {
      process(batch) {
        for (let index = 0; index < batch.length; index++) {
          try {
            take(labelsOf(batch, index), value, batch, index)
          } catch (thrown) {
            context.failure(thrown)
          }
        }
        return [batch]
      },
    }
  },
})

const VALUE_MISSING: ConfigFault = {
  path: ['value'],
  message: 'expected a value for the metric to take, got none',
  hint: 'Write one, such as ${! this.size }; only the type counter does without.',
}

type Take = (labels: MetricLabels, value: Interpolation, batch: Batch, index: number) => void

const TAKERS: Readonly<Record<MetricType, (name: string, context: BuildContext) => Take>> = {
  counter:
    (name, { metrics }) =>
    (labels) =>
      metrics.counter(name, labels).add(1),
  counter_by:
    (name, { metrics }) =>
    (labels, value, batch, index) =>
      metrics.counter(name, labels).add(atLeastZero(value.text(batch, index))),
  gauge:
    (name, { metrics }) =>
    (labels, value, batch, index) =>
      metrics.gauge(name, labels).set(numberOf(value.text(batch, index))),
  timing:
    (name, { metrics }) =>
    (labels, value, batch, index) =>
      metrics.timing(name, labels).observe(atLeastZero(value.text(batch, index))),
}

/** The same object each time where nothing in them depends on the message. */
function labelsReader(
  given: Readonly<Record<string, string>>,
  context: BuildContext,
): (batch: Batch, index: number) => MetricLabels {
  const texts = Object.entries(given).map(([name, text]) => ({
    name,
    text: context.interpolation(text),
  }))
  const read = (batch: Batch, index: number): MetricLabels =>
    Object.fromEntries(texts.map(({ name, text }) => [name, text.text(batch, index)]))
  if (texts.some(({ text }) => text.constant === undefined)) return read
  const constant = read([], 0)
  return () => constant
}

function numberOf(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(number)) return number
  throw new HeadgateError('MappingFailed', `expected a number, got ${JSON.stringify(text)}`)
}

function atLeastZero(text: string): number {
  const number = numberOf(text)
  if (number >= 0) return number
  throw new HeadgateError('MappingFailed', `expected a number of at least 0, got ${text}`)
}
