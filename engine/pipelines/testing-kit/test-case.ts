/**
 * One unit test of a config: what goes into which processors, and what has to come out. The format is Connect's, of
 * `tests:` in a config or a file beside it.
 */
import { type TObject, type TSchema, Type } from '../../../crds/typebox.ts'
import { type ConfigPath, isRecord, kindOf, problem } from '../component-config.ts'
import { checkConfig, conformConfig } from '../config-check.ts'
import type { ConfigProblem } from '../pipeline.ts'

/** More messages in one test are a benchmark. */
export const TEST_MESSAGES_MAX = 10_000

const text = (description: string): TSchema => Type.Optional(Type.String({ description }))
const document = (description: string): TSchema => Type.Optional(Type.Unknown({ description }))

const messageSchema: TObject = Type.Object({
  content: text('The payload, as it is.'),
  json_content: document('The payload, as a document.'),
  file_content: text('A file that holds the payload, relative to the file of the test.'),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: 'Metadata by its keys.' }),
  ),
})

const conditionsSchema: TObject = Type.Object({
  bloblang: text('A query about the message that has to be true.'),
  content_equals: text('The payload, exactly.'),
  content_matches: text('A regular expression (RE2) that fits the payload.'),
  metadata_equals: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Metadata by its keys; the message may have more.',
    }),
  ),
  file_equals: text('A file with the payload, exactly.'),
  json_equals: document('The document, whatever the order of its fields.'),
  json_contains: document('A part of the document: fields and items that it has among others.'),
  file_json_equals: text('A file with the document.'),
  file_json_contains: text('A file with a part of the document.'),
})

const caseSchema: TObject = Type.Object({
  name: Type.String({ minLength: 1, description: 'What it shows.' }),
  environment: Type.Record(Type.String(), Type.String(), {
    default: {},
    description: 'Environment variables of the config while this test runs.',
  }),
  target_processors: Type.String({
    default: '/pipeline/processors',
    description:
      'The processors under test: a label, a JSON pointer into the config, or `other.yaml#/pointer`.',
  }),
  target_mapping: Type.String({
    default: '',
    description: 'A file with a Bloblang mapping to test in place of processors.',
  }),
  mocks: Type.Record(Type.String(), Type.Unknown(), {
    default: {},
    description: 'Processors that stand in for others, by label or JSON pointer.',
  }),
  input_batch: Type.Optional(Type.Array(messageSchema, { description: 'One batch.' })),
  input_batches: Type.Optional(
    Type.Array(Type.Array(messageSchema), { description: 'Batches, one after the other.' }),
  ),
  output_batches: Type.Array(Type.Array(conditionsSchema), {
    default: [],
    description: 'The batches that come out: for each message, what holds of it.',
  }),
  outputs: Type.Optional(
    Type.Record(Type.String(), Type.Array(conditionsSchema), {
      description:
        'Runs the whole pipeline, and says what each output gets, by its label, its JSON pointer or its stream.',
    }),
  ),
  inputs: Type.Optional(
    Type.Record(Type.String(), Type.Array(messageSchema), {
      description: 'Of a whole pipeline: what each of several inputs gives.',
    }),
  ),
  rejected: Type.Optional(
    Type.Array(conditionsSchema, {
      description: 'Of a whole pipeline: the messages that no output takes; none where absent.',
    }),
  ),
})

export interface TestMessage {
  readonly content?: string
  readonly json_content?: unknown
  readonly file_content?: string
  readonly metadata?: Readonly<Record<string, unknown>>
}

export interface TestConditions {
  readonly bloblang?: string
  readonly content_equals?: string
  readonly content_matches?: string
  readonly metadata_equals?: Readonly<Record<string, unknown>>
  readonly file_equals?: string
  readonly json_equals?: unknown
  readonly json_contains?: unknown
  readonly file_json_equals?: string
  readonly file_json_contains?: string
}

export type ConditionName = keyof TestConditions

export interface TestCase {
  readonly name: string
  readonly environment: Readonly<Record<string, string>>
  readonly target_processors: string
  readonly target_mapping: string
  readonly mocks: Readonly<Record<string, unknown>>
  readonly input_batch?: readonly TestMessage[]
  readonly input_batches?: readonly (readonly TestMessage[])[]
  readonly output_batches: readonly (readonly TestConditions[])[]
  /** Of a whole pipeline; see WHOLE_FIELDS. */
  readonly outputs?: Readonly<Record<string, readonly TestConditions[]>>
  readonly inputs?: Readonly<Record<string, readonly TestMessage[]>>
  readonly rejected?: readonly TestConditions[]
}

/** One of them makes it a test of the whole pipeline. They are ours; the others are Connect's. */
const WHOLE_FIELDS = ['outputs', 'inputs', 'rejected'] as const
/** What a test of a whole pipeline has no use for. */
const PART_FIELDS = ['output_batches', 'target_processors', 'target_mapping'] as const

export function isWhole(one: TestCase): boolean {
  return WHOLE_FIELDS.some((field) => one[field] !== undefined)
}

export interface TestCases {
  /** By their index in the list; those that have a problem are left out. */
  readonly cases: ReadonlyMap<number, TestCase>
  /** Paths begin in the list. */
  readonly problems: readonly ConfigProblem[]
}

export function readTestCases(tests: unknown): TestCases {
  const problems: ConfigProblem[] = []
  const cases = new Map<number, TestCase>()
  if (tests === undefined || tests === null) return { cases, problems }
  if (!Array.isArray(tests)) {
    const message = `expected a list of tests, got ${kindOf(tests)}`
    return { cases, problems: [problem({ path: [], at: 'value', message })] }
  }
  for (const [index, test] of tests.entries()) {
    const found = problemsOfCase(test, [index])
    problems.push(...found)
    if (found.length === 0) cases.set(index, conformConfig(caseSchema, test) as TestCase)
  }
  return { cases, problems }
}

function problemsOfCase(test: unknown, path: ConfigPath): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = []
  checkConfig(caseSchema, test, path, {
    problem: (found) => problems.push(found),
    field: () => {},
  })
  if (problems.length > 0 || !isRecord(test)) return problems
  const given = test as unknown as TestCase
  const { input_batch: one, input_batches: several, inputs } = given
  const refuse = (at: ConfigPath, message: string, hint: string) =>
    problems.push(problem({ path: [...path, ...at], at: 'key', message, hint }))
  const whole = WHOLE_FIELDS.find((field) => test[field] !== undefined)
  const part = PART_FIELDS.find((field) => test[field] !== undefined)
  if (whole !== undefined && part !== undefined) {
    refuse([part], `expected ${whole} or ${part}, got both`, `${whole} is of the whole pipeline.`)
  }
  const both = (one ?? several) !== undefined && inputs !== undefined
  if (both) refuse(['inputs'], 'expected inputs or input_batch, got both', 'Keep one of them.')
  if (one === undefined && several === undefined && whole === undefined) {
    refuse([], 'expected input_batch or input_batches, got neither', 'Add input_batch: [{…}].')
  } else if (one !== undefined && several !== undefined) {
    refuse(['input_batch'], 'expected input_batch or input_batches, got both', 'Keep one of them.')
  }
  const messages = [...(several ?? [one ?? []]), ...Object.values(inputs ?? {})].flat()
  if (messages.length > TEST_MESSAGES_MAX) {
    const message = `expected at most ${TEST_MESSAGES_MAX} messages, got ${messages.length}`
    refuse([], message, 'Test with fewer.')
  }
  return problems
}
