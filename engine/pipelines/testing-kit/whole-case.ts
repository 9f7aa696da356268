/**
 * A test of a whole pipeline: what it gives to the inputs, what each output has to get of it, and what none may take.
 */
import { hostname } from 'node:os'
import { nearest } from '../../suggest.ts'
import { bloblangEnvironment } from '../bloblang-fields.ts'
import { isRecord } from '../component-config.ts'
import { interpolateVariables } from '../environment-variables.ts'
import { type Batch, Message } from '../message.ts'
import type { PipelineEnvironment, StreamTarget } from '../pipeline.ts'
import { expandTemplates } from '../templates/expand-templates.ts'
import { NO_TEMPLATES } from '../templates/template.ts'
import { type JudgeContext, judgeBatch } from './judge-batch.ts'
import type { Mocks } from './mocks.ts'
import { type Rehearsal, rehearse } from './rehearse.ts'
import { joinedResources } from './resource-lists.ts'
import type { TestRun } from './run-tests.ts'
import type { StoredRecord, StreamDeclaration } from './streams-in-memory.ts'
import { withMocks } from './targets.ts'
import type { TestCase, TestConditions } from './test-case.ts'
import { Refused, type TestFailure } from './test-failure.ts'
import { givenBatches, inputMessage } from './test-files.ts'

/** How streams are declared, by name. */
export interface DeclaredStreams {
  readonly streams: ReadonlyMap<string, StreamDeclaration>
  /** Of typed streams. */
  readonly checks: Readonly<Record<string, StreamTarget['check']>>
}

export async function judgeWhole(
  one: TestCase,
  run: TestRun,
  environment: PipelineEnvironment,
  signal: AbortSignal,
): Promise<readonly TestFailure[]> {
  const config = await wholeConfig(one, run, environment)
  const { directory, files, env } = environment
  const rehearsal = await rehearse(config, {
    mocks: { inputs: inputsOf(one, run) },
    ...(await run.declared?.()),
    environment: { directory, env, ...(files === undefined ? {} : { files }) },
    signal,
  })
  signal.throwIfAborted()
  const context = { files: run.files, bloblang: bloblangEnvironment(environment, hostname()) }
  const { heldUpBecause } = rehearsal
  if (heldUpBecause !== undefined) {
    return [{ path: [], message: `it did not come to its end: ${heldUpBecause}`, details: [] }]
  }
  const failures = Object.entries(one.outputs ?? {}).flatMap(([name, expected]) =>
    judgeOutput(name, expected, rehearsal, context),
  )
  return [...failures, ...judgeRejected(one, rehearsal, context)]
}

function inputsOf({ inputs, ...one }: TestCase, { files }: TestRun): Mocks['inputs'] {
  if (inputs === undefined) return givenBatches(one, files).filter((batch) => batch.length > 0)
  const entries = Object.entries(inputs)
  return new Map(
    entries.map(([name, messages]) => [
      name,
      messages.map((message) => [inputMessage(message, files)]),
    ]),
  )
}

/** The config with its mocks, the resources of other files, and what its templates make. */
async function wholeConfig(
  one: TestCase,
  { config, resources = {}, templates = NO_TEMPLATES }: TestRun,
  { env }: PipelineEnvironment,
): Promise<unknown> {
  const mocked = withMocks(config, one.mocks)
  if (!mocked.ok) throw new Refused(['mocks'], mocked.because)
  if (!isRecord(mocked.config)) return mocked.config
  // What lacks a variable is another pipeline's, as a rule; where it is not, its label is missed.
  const complete = Object.entries(resources).map(([key, list]) => {
    const sound = list.filter((item) => interpolateVariables(item, env).missing.length === 0)
    return [key, sound] as const
  })
  const lists = joinedResources(mocked.config, Object.fromEntries(complete))
  const used = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
  const { tests: _, ...rest } = mocked.config
  const expanded = await expandTemplates({ ...rest, ...used }, templates)
  const [wrong] = expanded.problems
  if (wrong !== undefined) throw new Refused([], `${wrong.path.join('.')}: ${wrong.message}`)
  return expanded.config
}

function judgeOutput(
  name: string,
  expected: readonly TestConditions[],
  { outputs, streams }: Rehearsal,
  context: JudgeContext,
): readonly TestFailure[] {
  const path = ['outputs', name]
  const output = outputs.find(({ label, pointer }) => label === name || pointer === name)
  const stream = streams.get(output?.stream ?? (output === undefined ? name : ''))
  if (stream !== undefined) return judgeBatch(expected, stream.map(messageOfStored), path, context)
  if (output !== undefined) return judgeBatch(expected, output.batches.flat(), path, context)
  const known = [
    ...outputs.map(({ label, pointer }) => (label === '' ? pointer : label)),
    ...streams.keys(),
  ]
  const near = nearest(name, known)
  const hint = near === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${near}?`
  return [{ path, message: `there is no output ${name}`, details: [hint] }]
}

function judgeRejected(
  { rejected: expected = [] }: TestCase,
  { rejected }: Rehearsal,
  context: JudgeContext,
): readonly TestFailure[] {
  const batch: Batch = rejected.map(({ message }) => message)
  const failures = judgeBatch(expected, batch, ['rejected'], context)
  if (failures.length === 0) return []
  const reasons = [...new Set(rejected.map(({ error }) => `rejected because: ${error.message}`))]
  return failures.map((failure) => ({ ...failure, details: [...failure.details, ...reasons] }))
}

/** As a `stream` input would read it. */
function messageOfStored({ key, headers, data }: StoredRecord): Message {
  const metadata = new Map(
    headers.map(({ name, value }) => [name, Buffer.from(value).toString()] as const),
  )
  if (key !== undefined) metadata.set('headgate_key', Buffer.from(key).toString())
  return Message.fromBytes(data, metadata)
}
