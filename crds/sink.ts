/** Sink: durable delivery of a stream to an outside endpoint. */
import {
  choice,
  duration,
  flag,
  fraction,
  group,
  idField,
  integer,
  MAPPING_LENGTH_MAX,
  map,
  nameOf,
  oneOf,
  optional,
  size,
  text,
} from './field.ts'
import { type CelRule, defineKind, type KindDefinition } from './kind.ts'
import { resetField } from './position-reset.ts'
import { fieldsOf } from './spec-reading.ts'

export const SINK_HEADERS_MAX = 5

/** What other endpoints will be called; they are refused by name until they work. */
const ENDPOINTS_LATER = [
  'kafka',
  's3',
  'big_query',
  'elasticsearch',
  'splunk',
  'aws_kinesis_firehose',
  'datadog',
  'qradar',
  'azure_monitor',
  'azure_blob_storage',
]

const headerValue = oneOf('Text, or where the text comes from when the sink starts.', [
  text('The text itself.', 1024, { minLength: 1 }),
  group('FromEnv', 'An environment variable.', {
    fromEnv: text('Its name.', 250, { minLength: 1 }),
  }),
  group('FromFile', 'A file beneath the secrets directory.', {
    fromFile: text('Its path.', 1024, { minLength: 1 }),
  }),
  group('FromSecret', 'A Secret of the same namespace.', {
    fromSecret: group('SecretKey', 'Which one, and which key of it.', {
      name: nameOf('The Secret’s name.'),
      key: text('The key.', 253, { minLength: 1 }),
    }),
  }),
])

const endpoint = group(
  'SinkEndpoint',
  'Where batches go.',
  {
    type: choice('`standard` is an HTTP POST.', ['standard'], { notYetAvailable: ENDPOINTS_LATER }),
    url: text('Where to post.', 2048, {
      pattern: '^https?://[^\\p{Z}\\p{Cc}]+$',
      patternText: 'an http:// or https:// URL',
    }),
    headers: optional(
      map('Headers of the request, besides those of HTTP itself.', headerValue, {
        maxProperties: SINK_HEADERS_MAX,
        secretKeys: true,
      }),
    ),
    payload_format: optional(
      text('The body; `$dataset` stands for the records of the batch.', 250, {
        minLength: 1,
        default: '$dataset',
      }),
    ),
    log_line_separator: optional(
      text('What stands between two records of a batch.', 100, { default: '\n' }),
    ),
  },
  { discriminator: 'type' },
)

const deadLetterElsewhere: CelRule = {
  rule: '!has(self.deadLetter) || self.deadLetter.stream != self.from.stream',
  message: 'a dead letter goes to another stream than the one that is read',
  messageExpression:
    "'a dead letter goes to another stream than ' + self.from.stream + ', which is the one that is read'",
  fieldPath: '.deadLetter.stream',
  inManifest: true,
  check: (spec) => {
    const stream = fieldsOf(spec['deadLetter'])['stream']
    return stream !== undefined && stream === fieldsOf(spec['from'])['stream']
      ? [
          {
            path: ['deadLetter', 'stream'],
            at: 'value',
            expected: 'another stream than the one that is read',
            found: String(stream),
            hint: 'declare a Stream for what cannot be delivered, and name it here',
          },
        ]
      : []
  },
}

export const sink: KindDefinition = defineKind({
  kind: 'Sink',
  plural: 'sinks',
  singular: 'sink',
  shortNames: ['snk'],
  categories: ['headgate'],
  summary: 'Durable delivery of a stream to an outside endpoint.',
  spec: group(
    'SinkSpec',
    'What is read, how it is written, where it goes, and what happens when it cannot.',
    {
      id: idField(),
      from: group('SinkFrom', 'What is read.', {
        stream: nameOf('A Stream of the same namespace.'),
        start: optional(
          text('Where a new sink begins: `earliest`, `latest` or a time in RFC 3339.', 64, {
            pattern:
              '^(earliest|latest|\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2}))$',
            patternText: 'earliest, latest or a time such as 2026-01-31T12:00:00Z',
            default: 'earliest',
          }),
        ),
        filter: optional(
          text('A Bloblang query; records for which it is false are left out.', MAPPING_LENGTH_MAX),
        ),
      }),
      template: optional(
        text(
          'A Bloblang mapping of one record; records go out as they are where absent.',
          MAPPING_LENGTH_MAX,
        ),
      ),
      endpoint,
      batch: optional(
        group(
          'SinkBatch',
          'A batch goes out when any of these is reached.',
          {
            records: optional(
              integer('This many records.', { minimum: 1, maximum: 10_000, default: 1000 }),
            ),
            bytes: optional(size('This many bytes.', { default: '1MiB' })),
            period: optional(duration('This long after its first record.', { default: '1s' })),
          },
          { default: {} },
        ),
      ),
      retry: optional(
        group(
          'SinkRetry',
          'What happens when a batch is not accepted: waits that double from `initial` to `max`.',
          {
            attempts: optional(
              integer('Tries before a batch goes to the dead letter; for ever where absent.', {
                minimum: 1,
                maximum: 1_000_000,
              }),
            ),
            initial: optional(duration('The first wait.', { default: '1s' })),
            max: optional(duration('The longest wait.', { default: '1m' })),
            jitter: optional(fraction('How much of a wait is left to chance.', { default: 0.2 })),
          },
          { default: {} },
        ),
      ),
      deadLetter: optional(
        group('SinkDeadLetter', 'Where records go that cannot be delivered.', {
          stream: nameOf('A Stream of the same namespace.'),
        }),
      ),
      reset: resetField(false),
      active: optional(flag('False stops it and keeps its position.', { default: true })),
      runAs: optional(text('Who it acts as; its owner where absent.', 250, { minLength: 1 })),
    },
  ),
  rules: [deadLetterElsewhere],
  printerColumns: [
    { name: 'Stream', type: 'string', jsonPath: '.spec.from.stream' },
    { name: 'Endpoint', type: 'string', jsonPath: '.spec.endpoint.type' },
    { name: 'Active', type: 'boolean', jsonPath: '.spec.active', priority: 1 },
    { name: 'P50', type: 'string', jsonPath: '.status.latency.p50', priority: 1 },
    { name: 'P99', type: 'string', jsonPath: '.status.latency.p99', priority: 1 },
  ],
  example: `apiVersion: headgate.dev/v1alpha1
kind: Sink
metadata:
  name: to-archive
spec:
  from: {stream: readings}
  endpoint:
    type: standard
    url: https://archive.example/in
    headers:
      Authorization: {fromSecret: {name: archive, key: token}}
  batch: {records: 500, period: 5s}
`,
})
