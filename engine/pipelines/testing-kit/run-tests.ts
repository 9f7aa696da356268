/**
 * Runs the unit tests of a config: each builds its processors anew, with mocks in their places and its own environment
 * variables, gives them its batches and judges what comes out.
 *
 * Nothing here reads a file or the process: what a test names is asked of whoever calls.
 */
import { hostname } from 'node:os'
import { HeadgateError } from '../../error.ts'
import { bloblangEnvironment } from '../bloblang-fields.ts'
import { ComponentBuilder } from '../component-builder.ts'
import { isRecord } from '../component-config.ts'
import { interpolateVariables } from '../environment-variables.ts'
import { Health } from '../health.ts'
import { inspectPipeline } from '../inspect-pipeline.ts'
import type { Batch } from '../message.ts'
import type { ConfigProblem, PipelineEnvironment } from '../pipeline.ts'
import { readSpec } from '../spec.ts'
import { expandTemplates } from '../templates/expand-templates.ts'
import { NO_TEMPLATES, type Templates } from '../templates/template.ts'
import { unknownLabelOf } from '../unknown-label.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { amount, type JudgeContext, judgeBatch, shown } from './judge-batch.ts'
import { joinedResources } from './resource-lists.ts'
import { findProcessors, withMocks } from './targets.ts'
import { isWhole, readTestCases, type TestCase } from './test-case.ts'
import { Refused, type TestFailure } from './test-failure.ts'
import { givenBatches, type TestFiles } from './test-files.ts'
import { type DeclaredStreams, judgeWhole } from './whole-case.ts'

/** A test that takes longer waits for something that it should have mocked. */
export const TEST_MS_MAX = 30_000

export interface TestRun {
  readonly config: unknown
  /** The list, as it is written. */
  readonly tests: unknown
  /** Lists of resources that it may use beside its own. */
  readonly resources?: Readonly<Record<string, readonly unknown[]>>
  /** What the config may use besides components. */
  readonly templates?: Templates
  readonly files: TestFiles
  /** What the processors reach; the environment variables of the test come before its own. */
  readonly environment: PipelineEnvironment
  readonly signal: AbortSignal
  /** How streams are declared and typed; asked for tests of whole pipelines. */
  readonly declared?: () => Promise<DeclaredStreams>
}

export interface TestResults {
  readonly results: readonly TestResult[]
  /** Of tests that are none; paths begin in the list. */
  readonly problems: readonly ConfigProblem[]
}

export interface TestResult {
  readonly index: number
  readonly name: string
  /** None where it passed. */
  readonly failures: readonly TestFailure[]
}

export async function runTests(run: TestRun): Promise<TestResults> {
  const { cases, problems } = readTestCases(run.tests)
  const results: TestResult[] = []
  for (const [index, one] of cases) {
    results.push({ index, name: one.name, failures: await runCase(one, run) })
  }
  return { results, problems }
}

async function runCase(one: TestCase, run: TestRun): Promise<readonly TestFailure[]> {
  try {
    return await judgeCase(one, run)
  } catch (error) {
    if (error instanceof Refused) return [error.failure]
    // A file that is missing, a config that cannot be built: what a person can mend. All else is a defect of ours.
    if (!(error instanceof HeadgateError)) throw error
    const details = error.hint === undefined ? [] : [error.hint]
    return [{ path: [], message: error.message, details }]
  }
}

async function judgeCase(one: TestCase, run: TestRun): Promise<readonly TestFailure[]> {
  const environment = environmentOf(one, run)
  const timer = new AbortController()
  const deadline = environment.clock.schedule(TEST_MS_MAX, () => timer.abort())
  const signal = AbortSignal.any([run.signal, timer.signal])
  const judge = isWhole(one) ? judgeWhole : judgeProcessors
  try {
    return await judge(one, run, environment, signal)
  } catch (error) {
    if (!timer.signal.aborted) throw error
    throw new Refused([], `it did not end within ${TEST_MS_MAX / 1000} s`)
  } finally {
    deadline.cancel()
  }
}

async function judgeProcessors(
  one: TestCase,
  run: TestRun,
  environment: PipelineEnvironment,
  signal: AbortSignal,
): Promise<readonly TestFailure[]> {
  const bloblang = bloblangEnvironment(environment, hostname())
  const inputs = givenBatches(one, run.files)
  const outputs: Batch[] = []
  const chain = await chainOf(one, run, environment, signal)
  try {
    for (const batch of inputs) {
      if (batch.length === 0) continue
      outputs.push(...(await unlessAborted(Promise.resolve(chain.run(batch, signal)), signal)))
    }
  } finally {
    await chain.close()
  }
  return judgeOutputs(one, outputs, { files: run.files, bloblang })
}

function environmentOf(one: TestCase, run: TestRun): PipelineEnvironment {
  const own = one.environment
  return {
    ...run.environment,
    env: (name) => (Object.hasOwn(own, name) ? own[name] : run.environment.env(name)),
  }
}

interface RunningChain {
  run(batch: Batch, signal: AbortSignal): readonly Batch[] | Promise<readonly Batch[]>
  close(): Promise<void>
}

async function chainOf(
  one: TestCase,
  run: TestRun,
  environment: PipelineEnvironment,
  signal: AbortSignal,
): Promise<RunningChain> {
  const target = await targetOf(one, run)
  const { processors, resources } = interpolated(target, environment)
  const spec = { pipeline: { processors }, ...resources }
  const { problems } = await inspectPipeline(spec)
  const first = problems.find(({ severity }) => severity === 'error')
  if (first !== undefined) {
    const absent = unknownLabelOf(first.message) !== undefined
    const hint = absent ? 'Resources of other files are given beside the config.' : undefined
    throw new Refused([], `${first.path.join('.')}: ${first.message}`, first.hint ?? hint)
  }
  const builder = new ComponentBuilder(environment, {
    health: new Health(environment.logger, environment.name),
    resources: readSpec(spec).resources,
    strict: target.strict,
    signal,
  })
  const chain = await builder.chain(processors, ['pipeline', 'processors'])
  return {
    run: (batch, aborted) => chain.run(batch, aborted),
    close: async () => {
      await chain.close()
      await builder.shared.close()
    },
  }
}

interface Target {
  /** Whether what failed passes by what is left, as the whole config says. */
  readonly strict: boolean
  readonly processors: readonly unknown[]
  readonly resources: Readonly<Record<string, readonly unknown[]>>
}

async function targetOf(
  one: TestCase,
  { config, files, templates = NO_TEMPLATES, resources = {} }: TestRun,
): Promise<Target> {
  const { target_mapping: mapping, target_processors: target } = one
  if (mapping !== '') {
    const text = Buffer.from(files.bytes(mapping)).toString()
    return { processors: [{ mapping: text }], resources, strict: false }
  }
  const [, path = '', pointer = target] = /^([^#]*)#(.*)$/.exec(target) ?? []
  const whole = path === '' ? config : files.config(path)
  const mocked = withMocks(whole, one.mocks)
  if (!mocked.ok) throw new Refused(['mocks'], mocked.because)
  const found = findProcessors(mocked.config, pointer)
  // Without processors a config changes nothing, and its test may say so.
  const absent = pointer === '/pipeline/processors' && isRecord(whole) && path === ''
  if (!found.ok && !absent) throw new Refused(['target_processors'], found.because)
  const { strict } = readSpec(interpolateVariables(mocked.config, () => undefined).value)
  const lists = joinedResources(mocked.config, resources)
  return { ...(await expandedTarget(found.ok ? found.processors : [], lists, templates)), strict }
}

async function expandedTarget(
  processors: readonly unknown[],
  resources: Target['resources'],
  templates: Templates,
): Promise<Omit<Target, 'strict'>> {
  const written = { pipeline: { processors }, ...resources }
  const { config, problems } = await expandTemplates(written, templates)
  const [wrong] = problems
  if (wrong !== undefined) throw new Refused([], `${wrong.path.join('.')}: ${wrong.message}`)
  const { pipeline, ...lists } = config as typeof written
  return { processors: pipeline.processors, resources: lists }
}

/** A resource that a variable is missing for is left as it is written: the test may well do without it. */
function interpolated(
  { processors, resources }: Target,
  environment: PipelineEnvironment,
): Omit<Target, 'strict'> {
  const own = interpolateVariables(processors, environment.env)
  const [missing] = [...own.missing, ...own.undecodable]
  if (missing !== undefined) {
    const message = `the environment variable ${missing} is not set, or not as it has to be`
    throw new Refused([], `${message}; set it in environment`)
  }
  const entries = Object.entries(resources).map(([key, list]) => {
    const items = list.map((item) => {
      const { value, missing: unset } = interpolateVariables(item, environment.env)
      return unset.length === 0 ? value : item
    })
    return [key, items] as const
  })
  return { processors: own.value as readonly unknown[], resources: Object.fromEntries(entries) }
}

function judgeOutputs(
  one: TestCase,
  outputs: readonly Batch[],
  context: JudgeContext,
): readonly TestFailure[] {
  const failures: TestFailure[] = []
  const expected = one.output_batches
  if (outputs.length !== expected.length) {
    failures.push({
      path: ['output_batches'],
      message: `expected ${amount(expected.length, 'batch', 'batches')}, got ${outputs.length}`,
      details: outputs.slice(expected.length).flatMap((batch) => batch.map(shown)),
    })
  }
  for (const [index, conditions] of expected.entries()) {
    const batch = outputs[index]
    if (batch === undefined) continue
    failures.push(...judgeBatch(conditions, batch, ['output_batches', index], context))
  }
  return failures
}
