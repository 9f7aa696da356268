/** Runs one config on records, with what is declared beside it. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Declared } from '../controllers/configs/declared-pipelines.ts'
import type { MappingFiles } from '../engine/bloblang/mapping-files.ts'
import { HeadgateError } from '../engine/error.ts'
import type { Mocks, OutputMock, ProcessorMock } from '../engine/pipelines/testing-kit/mocks.ts'
import { rehearse } from '../engine/pipelines/testing-kit/rehearse.ts'
import { withMocks } from '../engine/pipelines/testing-kit/targets.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'
import { batchesOf, type GivenRecords } from './given-records.ts'
import { PipelineRun } from './pipeline-run.ts'
import { recordOfMessage, type TestedRecord } from './tested-record.ts'

/** Records of the only input; or of each, by its label, its place (`/input/broker/inputs/0`) or its stream. */
export type GivenFor<Streams extends object> =
  | GivenRecords
  | { readonly [Name in keyof Streams]?: GivenRecords<Streams[Name]> }

/** A processor's answer: the new document or text, null for none, undefined to leave it. What it throws fails the record. */
export type ProcessorStandIn = (record: TestedRecord<never>) => unknown

/** Hears of each write to an output; what it throws fails the write. */
export type OutputStandIn = (records: readonly TestedRecord<never>[]) => unknown

export interface RunOptions {
  /**
   * In the places of components, by label or JSON pointer: another component's config (`{mapping: …}`, `{reject: …}`),
   * or a function, which is told apart by what it stands in for.
   */
  readonly mocks?: Readonly<Record<string, object | ProcessorStandIn | OutputStandIn>>
  /** Environment variables of the config; it sees no others. */
  readonly env?: Readonly<Record<string, string>>
  /** Moves on by itself while the pipeline runs. */
  readonly clock?: FakeClock
  /** How much of the clock's time it may take; 10 minutes where absent. */
  readonly withinMs?: number
  /** Where relative paths begin, of modules and of what mappings import; the folder of the declaration where absent. */
  readonly directory?: string
  readonly signal?: AbortSignal
}

export interface DeclaredRun extends RunOptions {
  readonly declared: Declared
  readonly name?: string
  readonly namespace?: string
}

export async function runDeclared<Streams extends object>(
  config: unknown,
  records: GivenFor<Streams>,
  { declared, ...options }: DeclaredRun,
): Promise<PipelineRun<Streams>> {
  const { mocks = {}, env = {}, clock = fakeClock(), directory = process.cwd() } = options
  const { withinMs, signal, name, namespace } = options
  const functions = Object.entries(mocks).filter(isFunction)
  const configs = Object.fromEntries(Object.entries(mocks).filter((entry) => !isFunction(entry)))
  const mocked = withMocks(config, configs)
  if (!mocked.ok) throw new HeadgateError('Usage', mocked.because)
  const rehearsal = await rehearse(mocked.config, {
    mocks: {
      inputs: inputsOf(records),
      processors: new Map(functions.map(([key, mock]) => [key, processorMock(mock)])),
      outputs: new Map(functions.map(([key, mock]) => [key, outputMock(mock)])),
    },
    clock,
    streams: declared.streams,
    checks: declared.checks,
    environment: {
      directory,
      files: filesBeneath(directory),
      env: (variable) => (Object.hasOwn(env, variable) ? env[variable] : undefined),
      ...(name === undefined ? {} : { name, group: `pipeline.${name}` }),
      ...(namespace === undefined ? {} : { namespace }),
    },
    ...(withinMs === undefined ? {} : { withinMs }),
    ...(signal === undefined ? {} : { signal }),
  })
  return new PipelineRun<Streams>(rehearsal)
}

type Function = (given: never) => unknown

function isFunction(entry: [string, unknown]): entry is [string, Function] {
  return typeof entry[1] === 'function'
}

function inputsOf<Streams extends object>(records: GivenFor<Streams>): Mocks['inputs'] {
  if (isList(records)) return batchesOf(records)
  const entries = Object.entries(records) as [string, GivenRecords | undefined][]
  return new Map(entries.map(([name, given = []]) => [name, batchesOf(given)]))
}

function isList(records: object): records is GivenRecords {
  return Array.isArray(records)
}

function processorMock(mock: Function): ProcessorMock {
  return async (message) => {
    const answer = await mock(recordOfMessage(message) as never)
    if (answer === undefined) return message
    return answer === null ? undefined : message.withValue(answer as never)
  }
}

function outputMock(mock: Function): OutputMock {
  return (batch) => {
    const answer = mock(batch.map(recordOfMessage) as never)
    if (answer instanceof Promise) return answer.then(() => undefined)
    return undefined
  }
}

/** What mappings import: relative to the file that names it, else to the folder. */
function filesBeneath(directory: string): MappingFiles {
  return {
    read: (path, namedBy) => {
      const found = resolve(namedBy === undefined ? directory : dirname(namedBy), path)
      try {
        return { path: found, bytes: readFileSync(found) }
      } catch (cause) {
        throw new HeadgateError('SourceUnreadable', `expected a file at ${found}`, { cause })
      }
    },
  }
}
