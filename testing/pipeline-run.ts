/** What came of a run: what each output and stream got, what failed, and what nothing took. */
import { HeadgateError } from '../engine/error.ts'
import type { MetricSeries } from '../engine/pipelines/pipeline.ts'
import type { RehearsedFailure } from '../engine/pipelines/testing-kit/mocks.ts'
import type { LogLine, Rehearsal } from '../engine/pipelines/testing-kit/rehearse.ts'
import { nearest } from '../engine/suggest.ts'
import {
  recordOfMessage,
  recordOfStream,
  type StreamedRecord,
  type TestedRecord,
} from './tested-record.ts'

/** A record that nothing took; its source would give it again. */
export interface RejectedRecord extends TestedRecord {
  readonly reason: string
}

/** A record in a stream for what failed, with the headers that say why. */
export interface DeadLetter extends StreamedRecord {
  /** That it lies in. */
  readonly stream: string
  readonly reason: string
  /** As `root.output.fallback.0`. */
  readonly component: string
}

const REASON_HEADER = 'headgate-reason'
const COMPONENT_HEADER = 'headgate-component'

export class PipelineRun<Streams extends object = Readonly<Record<string, unknown>>> {
  /** By label, else by place (`/output/broker/outputs/1`): the records of each output that is no stream. */
  readonly outputs: Readonly<Record<string, readonly TestedRecord[]>>
  readonly streams: { readonly [Name in keyof Streams]: readonly StreamedRecord<Streams[Name]>[] }
  /** Each time that a processor failed on something, whatever became of that. */
  readonly failures: readonly RehearsedFailure[]
  readonly rejected: readonly RejectedRecord[]
  readonly deadLetters: readonly DeadLetter[]
  /** Why it did not come to its end within its time; undefined where it did. */
  readonly heldUpBecause: string | undefined
  /** Undefined where it is exactly-once. */
  readonly atLeastOnceBecause: string | undefined
  readonly metrics: readonly MetricSeries[]
  readonly log: readonly LogLine[]
  /** By every name that it may be asked for. */
  readonly #records: ReadonlyMap<string, readonly TestedRecord[]>

  constructor(rehearsal: Rehearsal) {
    const streams = new Map<string, readonly StreamedRecord[]>(
      [...rehearsal.streams].map(([name, records]) => [name, records.map(recordOfStream)]),
    )
    const records = new Map<string, readonly TestedRecord[]>(streams)
    const outputs: Record<string, readonly TestedRecord[]> = {}
    for (const { label, pointer, stream, batches } of rehearsal.outputs) {
      const own =
        stream === undefined ? batches.flat().map(recordOfMessage) : (streams.get(stream) ?? [])
      records.set(pointer, own)
      if (label !== '') records.set(label, own)
      if (stream === undefined) outputs[label === '' ? pointer : label] = own
    }
    this.#records = records
    this.outputs = outputs
    this.streams = Object.fromEntries(streams) as unknown as PipelineRun<Streams>['streams']
    this.failures = rehearsal.failures
    this.rejected = rehearsal.rejected.map(({ message, error }) => ({
      ...recordOfMessage(message),
      reason: error.message,
    }))
    this.deadLetters = [...streams].flatMap(([name, held]) => deadLettersOf(name, held))
    this.heldUpBecause = rehearsal.heldUpBecause
    this.atLeastOnceBecause = rehearsal.atLeastOnceBecause
    this.metrics = rehearsal.series
    this.log = rehearsal.log
  }

  /** What a stream or an output got, named by its label or its place. */
  records<Name extends keyof Streams & string>(
    target: Name,
  ): readonly TestedRecord<Streams[Name]>[] {
    const found = this.#records.get(target)
    if (found !== undefined) return found as readonly TestedRecord<Streams[Name]>[]
    const known = [...this.#records.keys()]
    const near = nearest(target, known)
    // Test runners show the message alone.
    const hint = near === undefined ? `It has ${known.join(', ')}.` : `Did you mean ${near}?`
    throw new HeadgateError('Usage', `the pipeline has no output ${target}\n  ${hint}`)
  }

  /** The documents alone. */
  values<Name extends keyof Streams & string>(target: Name): readonly Streams[Name][] {
    return this.records(target).map(({ value }) => value)
  }
}

function deadLettersOf(stream: string, records: readonly StreamedRecord[]): readonly DeadLetter[] {
  return records.flatMap((record) => {
    const reason = headerOf(record, REASON_HEADER)
    if (reason === undefined) return []
    return { ...record, stream, reason, component: headerOf(record, COMPONENT_HEADER) ?? '' }
  })
}

function headerOf({ headers }: StreamedRecord, name: string): string | undefined {
  return [headers[name] ?? []].flat().at(-1)
}
