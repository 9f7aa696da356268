/**
 * Matchers for vitest and jest: `expect.extend(headgateMatchers)`. They are plain functions, and import neither.
 */
import {
  differenceText,
  jsonDifferences,
} from '../engine/pipelines/testing-kit/json-differences.ts'
import { PipelineRun } from './pipeline-run.ts'
import type { TestedRecord } from './tested-record.ts'

/** What `expect` hands to a matcher, as far as it is used here. */
export interface MatcherContext {
  equals(got: unknown, expected: unknown): boolean
}

export interface MatcherResult {
  readonly pass: boolean
  message(): string
}

/** For `interface Matchers` of the test runner. */
export interface HeadgateMatchers<Result = void> {
  /** The documents that a stream or an output got, all of them and in their order; asymmetric matchers may stand in. */
  toHaveDelivered(target: string, values: readonly unknown[]): Result
  /** That a processor failed on something, with a message that has this text or fits this expression. */
  toHaveFailed(because?: string | RegExp): Result
  /** That something was not taken, for a reason that has this text or fits this expression. */
  toHaveRejected(because?: string | RegExp): Result
  /** That something lies in a stream of dead letters, with a reason that has this text or fits this expression. */
  toHaveDeadLettered(because?: string | RegExp): Result
  /** That each record has its effect once, whatever fails. */
  toBeExactlyOnce(): Result
}

type Matcher<Given extends readonly unknown[]> = (
  this: MatcherContext,
  received: unknown,
  ...given: Given
) => MatcherResult

export const headgateMatchers: {
  readonly toHaveDelivered: Matcher<[target: string, values: readonly unknown[]]>
  readonly toHaveFailed: Matcher<[because?: string | RegExp]>
  readonly toHaveRejected: Matcher<[because?: string | RegExp]>
  readonly toHaveDeadLettered: Matcher<[because?: string | RegExp]>
  readonly toBeExactlyOnce: Matcher<[]>
} = {
  toHaveDelivered(received, target, values) {
    const run = runOf(received)
    const records = run.records(target)
    const pass =
      records.length === values.length &&
      records.every((one, at) => this.equals(one.value, values[at]))
    return {
      pass,
      message: () =>
        pass
          ? `expected ${target} to get anything but ${counted(values.length)} as these`
          : deliveredText(run, { target, records, values }, (got, expected) =>
              this.equals(got, expected),
            ),
    }
  },
  toHaveFailed(received, because) {
    const { failures } = runOf(received)
    const said = failures.map(({ component, label, pointer, message }) => ({
      reason: message,
      line: `${component} ${label === '' ? pointer : label}: ${message}`,
    }))
    return told('failure of a processor', said, because)
  },
  toHaveRejected(received, because) {
    const { rejected } = runOf(received)
    const said = rejected.map(({ reason, text }) => ({ reason, line: `${shown(text)}: ${reason}` }))
    return told('rejected record', said, because)
  },
  toHaveDeadLettered(received, because) {
    const { deadLetters } = runOf(received)
    const said = deadLetters.map(({ reason, stream, text }) => ({
      reason,
      line: `${stream} ${shown(text)}: ${reason}`,
    }))
    return told('dead letter', said, because)
  },
  toBeExactlyOnce(received) {
    const { atLeastOnceBecause } = runOf(received)
    return {
      pass: atLeastOnceBecause === undefined,
      message: () =>
        atLeastOnceBecause === undefined
          ? 'expected the pipeline not to be exactly-once'
          : `expected the pipeline to be exactly-once, but ${atLeastOnceBecause}`,
    }
  },
}

function runOf(received: unknown): PipelineRun<Readonly<Record<string, unknown>>> {
  if (received instanceof PipelineRun) return received
  throw new TypeError('expected what runPipeline resolves with; was it awaited?')
}

interface Said {
  readonly reason: string
  readonly line: string
}

function told(
  noun: string,
  said: readonly Said[],
  because: string | RegExp | undefined,
): MatcherResult {
  const found = said.filter(({ reason }) => fits(reason, because))
  const why =
    because === undefined
      ? ''
      : ` because of ${because instanceof RegExp ? because : shown(because)}`
  return {
    pass: found.length > 0,
    message: () =>
      found.length > 0
        ? lines(`expected no ${noun}${why}, got ${found.length}:`, found)
        : lines(`expected a ${noun}${why}, got ${said.length === 0 ? 'none' : 'others:'}`, said),
  }
}

function fits(reason: string, because: string | RegExp | undefined): boolean {
  if (because === undefined) return true
  // An expression with the flag g remembers where it was, and search does not ask.
  return typeof because === 'string' ? reason.includes(because) : reason.search(because) >= 0
}

function lines(head: string, said: readonly Said[]): string {
  return [head, ...said.slice(0, LINES_MAX).map(({ line }) => `  ${line}`)].join('\n')
}

interface Delivered {
  readonly target: string
  readonly records: readonly TestedRecord[]
  readonly values: readonly unknown[]
}

/** What differs, record by record; and what may well be why. */
function deliveredText(
  run: PipelineRun<Readonly<Record<string, unknown>>>,
  { target, records, values }: Delivered,
  equals: MatcherContext['equals'],
): string {
  const differences = Array.from({ length: Math.max(records.length, values.length) }, (_, at) => {
    const record = records[at]
    if (record === undefined) return [`[${at}]: expected ${shown(values[at])}, got nothing`]
    if (at >= values.length) return [`[${at}]: expected nothing, got ${shown(record.text)}`]
    if (equals(record.value, values[at])) return []
    if (record.value === undefined) return [`[${at}]: expected JSON, got ${shown(record.text)}`]
    const found = jsonDifferences(values[at], record.value)
    return found.map((difference) => `[${at}]${differenceText(difference)}`)
  }).flat()
  const reasons = [
    ...run.failures.map(({ component, message }) => `${component} failed: ${message}`),
    ...run.rejected.map(({ text, reason }) => `rejected ${shown(text)}: ${reason}`),
    ...(run.heldUpBecause === undefined ? [] : [`it was held up: ${run.heldUpBecause}`]),
  ]
  return [
    headOf({ target, records, values }),
    ...[...differences, ...new Set(reasons)].slice(0, LINES_MAX).map((line) => `  ${line}`),
  ].join('\n')
}

function headOf({ target, records, values }: Delivered): string {
  const count = counted(values.length)
  if (records.length === values.length)
    return `expected ${target} to get ${count} with other values`
  return `expected ${target} to get ${count}, got ${records.length}`
}

const LINES_MAX = 20
const SHOWN_LENGTH_MAX = 200

function counted(count: number): string {
  return `${count} ${count === 1 ? 'record' : 'records'}`
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}…`
}
