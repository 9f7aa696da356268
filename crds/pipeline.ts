/** Pipeline: a Redpanda Connect stream config, spread in the spec. Its components judge their own configs. */
import { flag, group, idField, integerOrText, list, opaque, optional, text } from './field.ts'
import { defineKind, type KindDefinition } from './kind.ts'
import { resetField } from './position-reset.ts'

const RESOURCES_MAX = 128

const resources = (role: string) =>
  optional(
    list(
      `Labelled ${role} that components of this pipeline refer to.`,
      opaque(`One of the ${role}, with a label.`),
      { maxItems: RESOURCES_MAX, 'x-kubernetes-list-type': 'atomic' },
    ),
  )

/** Fields of the spec that are ours; everything else is the stream config. */
export const PIPELINE_FIELDS_OF_OURS = ['id', 'paused', 'reset', 'runAs'] as const

export const pipeline: KindDefinition = defineKind({
  kind: 'Pipeline',
  plural: 'pipelines',
  singular: 'pipeline',
  shortNames: ['pipe'],
  categories: ['headgate'],
  summary: 'Input, buffer, processors and output, shaped like a Redpanda Connect stream config.',
  note: 'A component without fields may be written as `stdout:` in files. For `kubectl apply` write `stdout: {}`: it drops fields that are null before it sends them, and an output without a component is what arrives.',
  spec: group('PipelineSpec', 'A stream config, and whether it runs.', {
    id: idField(),
    input: opaque('Where messages come from: one component by name, with its config.'),
    buffer: optional(
      opaque('What holds messages between input and processors; none where absent.'),
    ),
    pipeline: optional(
      group('PipelineProcessors', 'What happens to messages on their way.', {
        threads: optional(
          integerOrText('How many batches are processed at once; -1 is one a core.', 250),
        ),
        shard_by: optional(
          text(
            'A query, or text with `${! … }` in it: messages with the same text keep their order where several batches are processed at once.',
            4096,
          ),
        ),
        processors: optional(
          list('The processors, in order.', opaque('One component by name, with its config.'), {
            maxItems: 1024,
            'x-kubernetes-list-type': 'atomic',
          }),
        ),
      }),
    ),
    output: opaque('Where messages go: one component by name, with its config.'),
    error_handling: optional(
      opaque(
        'What becomes of a message that failed at a processor: flagged and delivered, or with `strict: true` past the processors that are left and rejected.',
      ),
    ),
    input_resources: resources('inputs'),
    processor_resources: resources('processors'),
    output_resources: resources('outputs'),
    cache_resources: resources('caches'),
    rate_limit_resources: resources('rate limits'),
    tests: optional(
      list('Tests of its processors; they do not run with it.', opaque('One test.'), {
        maxItems: 1024,
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    reset: resetField(true),
    paused: optional(flag('True stops it and keeps its position.', { default: false })),
    runAs: optional(text('Who it acts as; its owner where absent.', 250, { minLength: 1 })),
  }),
  rules: [],
  printerColumns: [
    { name: 'Paused', type: 'boolean', jsonPath: '.spec.paused' },
    { name: 'Delivery', type: 'string', jsonPath: '.status.delivery', priority: 1 },
    { name: 'P50', type: 'string', jsonPath: '.status.latency.p50', priority: 1 },
    { name: 'P99', type: 'string', jsonPath: '.status.latency.p99', priority: 1 },
  ],
  example: `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata:
  name: clean
spec:
  input:
    stream: {name: readings}
  pipeline:
    processors:
      - mapping: root = this.without("debug")
  output:
    stream: {name: clean-readings}
`,
})
