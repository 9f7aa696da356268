/** Calls what a module exports for the records of a batch, one batch at a time, and tells what became of each. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { getHeapStatistics } from 'node:v8'
import type { BatchRequest, LogLine, ModuleError } from '../module-protocol.ts'
import { AnswerWriter, write } from './answer-writer.ts'
import { say } from './module-log.ts'
import { kindOf, recordsOf, type StreamRecord } from './stream-record.ts'
import { post, setting } from './thread-setting.ts'
import { toError } from './thrown-error.ts'

const { pipeline, namespace, label, deadlineMs, state } = setting
const numbers = new Int32Array(state, 0, 2)

/** The number of the call, from the thread's first one, in whatever a call began. */
const calls = new AsyncLocalStorage<number>()
let callsBefore = 0
let underWay: Map<number, ModuleError> | undefined
let lengthUnderWay = 0
let formUnderWay: 'record' | 'batch' = 'record'
/** What floated from a call of `batch`, which may be about any of its records. */
let strayOfBatch: ModuleError | undefined

/** Of a record that is under way it is the failure; of one that is done it can only be told. */
export function stray(thrown: unknown): void {
  const call = calls.getStore()
  const index = (call ?? -1) - callsBefore
  const fault = toError(thrown)
  const isUnderWay = underWay !== undefined && index >= 0 && index < lengthUnderWay
  if (isUnderWay && formUnderWay === 'batch') strayOfBatch = fault
  else if (isUnderWay) underWay?.set(index, fault)
  else {
    const when = call === undefined ? 'outside of any call' : 'after its record was done'
    say('error', `${when}: ${fault.stack || fault.message}`)
  }
}

let nowMs = 0
let signal: AbortSignal | undefined

const context = {
  pipeline,
  namespace,
  label,
  log: {
    debug: (message: string, fields?: LogLine[2]): void => say('debug', message, fields),
    info: (message: string, fields?: LogLine[2]): void => say('info', message, fields),
    warn: (message: string, fields?: LogLine[2]): void => say('warn', message, fields),
    error: (message: string, fields?: LogLine[2]): void => say('error', message, fields),
  },
  get signal(): AbortSignal {
    signal ??= AbortSignal.timeout(deadlineMs)
    return signal
  },
  now: (): Date => new Date(nowMs),
}

export type Called = (given: unknown, context: unknown) => unknown

function begin(index: number): void {
  signal = undefined
  Atomics.add(numbers, 1, 1)
  Atomics.store(numbers, 0, index)
}

async function each(
  called: Called,
  records: readonly StreamRecord[],
  writer: AnswerWriter,
): Promise<void> {
  for (const [index, record] of records.entries()) {
    begin(index)
    try {
      const result = calls.run(callsBefore + index, called, record, context)
      write(writer, record, isPromise(result) ? await result : result)
    } catch (thrown) {
      underWay?.set(index, toError(thrown))
      writer.head(0)
    }
  }
}

async function all(
  called: Called,
  records: readonly StreamRecord[],
  writer: AnswerWriter,
): Promise<void> {
  begin(0)
  const failed = (index: number, thrown: unknown): void => {
    underWay?.set(index, toError(thrown))
    writer.head(0)
  }
  let results: unknown
  try {
    results = await calls.run(callsBefore, called, records, context)
    if (!Array.isArray(results) || results.length !== records.length) {
      const found = Array.isArray(results) ? `${results.length} results` : kindOf(results)
      throw new Error(`expected a list of ${records.length} results, one a record, got ${found}`)
    }
  } catch (thrown) {
    for (const index of records.keys()) failed(index, thrown)
    return
  }
  for (const [index, record] of records.entries()) {
    try {
      if (results[index] instanceof Error) throw results[index]
      write(writer, record, results[index])
    } catch (thrown) {
      failed(index, thrown)
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}

/** Calls what the module exports for all of a batch, and posts what came of it. */
export async function answer(
  request: BatchRequest,
  called: Called,
  form: 'record' | 'batch',
): Promise<void> {
  const faults = new Map<number, ModuleError>()
  underWay = faults
  lengthUnderWay = request.count
  formUnderWay = form
  strayOfBatch = undefined
  nowMs = request.nowMs
  const writer = new AnswerWriter()
  await (form === 'batch' ? all : each)(called, recordsOf(request), writer)
  // What floats is known to be rejected once this turn is over.
  await new Promise((resolve) => setImmediate(resolve))
  if (strayOfBatch !== undefined) {
    for (let index = 0; index < request.count; index++) {
      if (!faults.has(index)) faults.set(index, strayOfBatch)
    }
  }
  underWay = undefined
  callsBefore += request.count
  Atomics.store(numbers, 0, -1)
  const { used_heap_size, external_memory } = getHeapStatistics()
  const buffer = writer.finish()
  const memoryBytes = used_heap_size + external_memory
  post({ kind: 'answer', buffer, faults: [...faults], memoryBytes }, [buffer])
}
