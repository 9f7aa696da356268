/**
 * What runs in the thread of a module: it loads the module, and calls what it exports for one record after the other.
 *
 * One file that imports nothing of ours, for it is handed to the thread as text: so it starts alike from source, as built
 * and under a test runner, and takes no time for stripping its types.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import type {
  BatchRequest,
  LogLine,
  ModuleError,
  ModuleSetting,
  ModuleSources,
  ThreadReply,
  ThreadRequest,
} from './module-protocol.ts'

const { url, pipeline, namespace, label, deadlineMs, sources, state, asItWas, collectGarbage } =
  workerData as ModuleSetting
const numbers = new Int32Array(state, 0, 2)
const lastWords = new Uint8Array(state, 12)
const lastWordsLength = new Uint32Array(state, 8, 1)

/** The number of the call, from the thread's first one, in whatever a call began. */
const calls = new AsyncLocalStorage<number>()
let callsBefore = 0
let underWay: Map<number, ModuleError> | undefined
let lengthUnderWay = 0
let formUnderWay: 'record' | 'batch' = 'record'
/** What floated from a call of `batch`, which may be about any of its records. */
let strayOfBatch: ModuleError | undefined

const post = (reply: ThreadReply, transfer: ArrayBuffer[] = []): void =>
  parentPort?.postMessage(reply, transfer)

/* ------------------------------------------------------------------ the log */

const LINES_PER_SECOND_MAX = 100
const LINE_LENGTH_MAX = 2_000
const secondNow = (): number => Math.floor(process.hrtime()[0])
let second = 0
let linesOfSecond = 0
let leftOut = 0

/** More lines in a second are counted, and that is said with the next one. */
function say(...[level, message, fields]: LogLine): void {
  const now = secondNow()
  if (now !== second) {
    second = now
    linesOfSecond = 0
  }
  linesOfSecond += 1
  if (linesOfSecond > LINES_PER_SECOND_MAX) {
    leftOut += 1
    return
  }
  const lines: LogLine[] = []
  if (leftOut > 0) lines.push(['warn', `${leftOut} lines of the module were left out`])
  leftOut = 0
  const text = String(message)
  const shown = text.length > LINE_LENGTH_MAX ? `${text.slice(0, LINE_LENGTH_MAX)}…` : text
  lines.push(fields === undefined ? [level, shown] : [level, shown, plain(fields)])
  post({ kind: 'log', lines })
}

/** What cannot be sent is shown as text. */
function plain(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(JSON.stringify(fields).slice(0, LINE_LENGTH_MAX))
  } catch {
    return { fields: String(fields) }
  }
}

function printsTo(level: 'info' | 'warn'): typeof process.stdout.write {
  return ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    for (const line of text.split('\n')) if (line !== '') say(level, line)
    const after = typeof encoding === 'function' ? encoding : done
    if (typeof after === 'function') after()
    return true
  }) as typeof process.stdout.write
}

process.stdout.write = printsTo('info')
process.stderr.write = printsTo('warn')

/* ------------------------------------------------------------------ what goes wrong */

function toError(thrown: unknown): ModuleError {
  if (thrown instanceof Error) {
    const name = thrown.name === 'Error' ? '' : `${thrown.name}: `
    return { message: `${name}${thrown.message}`, stack: String(thrown.stack) }
  }
  return { message: `${String(thrown)} was thrown`, stack: '' }
}

/** Of a record that is under way it is the failure; of one that is done it can only be told. */
function stray(thrown: unknown): void {
  const index = (calls.getStore() ?? -1) - callsBefore
  const fault = toError(thrown)
  const isUnderWay = underWay !== undefined && index >= 0 && index < lengthUnderWay
  if (isUnderWay && formUnderWay === 'batch') strayOfBatch = fault
  else if (isUnderWay) underWay?.set(index, fault)
  else say('error', `after its record was done: ${fault.stack || fault.message}`)
}

process.on('unhandledRejection', stray)
process.on('uncaughtException', stray)
Error.stackTraceLimit = 50

const { exit } = process
process.exit = ((code) => {
  const { stack = '' } = new Error(`process.${exit.name}(${code ?? ''}) was called`)
  lastWordsLength[0] = new TextEncoder().encodeInto(stack, lastWords).written
  exit(code)
}) as typeof process.exit

// For whoever measures what is in use.
setFlagsFromString('--expose-gc')
Object.defineProperty(globalThis, Symbol.for(collectGarbage), { value: runInNewContext('gc') })
setFlagsFromString('--no-expose-gc')

// JSON has whole numbers of any length.
Object.defineProperty(BigInt.prototype, 'toJSON', {
  value(this: bigint): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.toString())
  },
})

/* ------------------------------------------------------------------ records */

const LONG_NUMBER = /\d{16}/

/** Whole numbers that a double cannot hold stay what they are. */
const exact = ((_key: string, value: unknown, { source }: { source?: string }): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '')
    ? BigInt(source ?? 0)
    : value) as (key: string, value: unknown) => unknown

function parse(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, exact) : JSON.parse(text)
  } catch {
    return text
  }
}

const KEY = 'headgate_key'

class StreamRecord {
  value: unknown
  key: string | undefined
  metadata: Record<string, unknown>
  readonly #content: Uint8Array
  readonly #text: string
  readonly #value: unknown
  readonly #key: string | undefined
  readonly #metadataText: string
  readonly #error: string | undefined

  constructor(content: Buffer, metadataText: string, error: string | undefined) {
    this.#content = content
    this.#text = content.toString()
    this.#value = parse(this.#text)
    this.value = this.#value
    this.#metadataText = metadataText
    this.metadata = JSON.parse(metadataText)
    const key = this.metadata[KEY]
    this.#key = typeof key === 'string' ? key : undefined
    this.key = this.#key
    this.#error = error
  }

  get stream(): unknown {
    return this.metadata['headgate_stream']
  }

  get shard(): unknown {
    return this.metadata['headgate_shard']
  }

  get sequence(): unknown {
    return this.metadata['headgate_sequence']
  }

  get error(): string | undefined {
    return this.#error
  }

  text(): string {
    return this.#text
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#content)
  }

  /** Undefined where it is what came, even where somebody looked into it. */
  contentOf(value: unknown): string | Uint8Array | undefined {
    if (value !== this.#value) return contentOf(value)
    if (typeof value !== 'object' || value === null) return undefined
    const text = contentOf(value)
    if (text === this.#text || text === JSON.stringify(parse(this.#text))) return undefined
    return text
  }

  /** As the content. */
  metadataOf(result: Readonly<Record<string, unknown>>): string | undefined {
    const { metadata = this.metadata } = result
    if (typeof metadata !== 'object' || metadata === null) {
      throw new TypeError(`expected metadata to be an object, got ${kindOf(metadata)}`)
    }
    const key = Object.hasOwn(result, 'key') ? result['key'] : this.#key
    const changed = key === this.#key ? metadata : { ...metadata, [KEY]: key ?? undefined }
    const text = JSON.stringify(changed)
    return text === this.#metadataText ? undefined : text
  }
}

function contentOf(value: unknown): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  const text = JSON.stringify(value) as string | undefined
  if (text !== undefined) return text
  throw new TypeError(`expected a value that JSON can hold, got ${kindOf(value)}`)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') {
    const names = Object.keys(value)
    return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 5).join(', ')}`
  }
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

/** Grows as it is written to. */
class Writer {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024)
  #length = 0
  readonly #heads: number[] = []

  head(number: number): number {
    return this.#heads.push(number)
  }

  /** What was written for a record that failed half-way. */
  mark(): readonly [heads: number, length: number] {
    return [this.#heads.length, this.#length]
  }

  reset([heads, length]: readonly [number, number]): void {
    this.#heads.length = heads
    this.#length = length
  }

  put(content: string | Uint8Array | undefined): void {
    if (content === undefined) {
      this.#heads.push(asItWas)
      return
    }
    const most = typeof content === 'string' ? content.length * 3 : content.length
    if (this.#length + most > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + most))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    const at = this.#length
    if (typeof content === 'string') this.#length += this.#bytes.write(content, at)
    else {
      this.#bytes.set(content, at)
      this.#length += content.length
    }
    this.#heads.push(this.#length - at)
  }

  finish(): ArrayBuffer {
    const heads = this.#heads.length
    const buffer = new ArrayBuffer(4 + heads * 4 + this.#length)
    new Uint32Array(buffer, 0, heads + 1).set([heads, ...this.#heads])
    new Uint8Array(buffer, 4 + heads * 4).set(this.#bytes.subarray(0, this.#length))
    return buffer
  }
}

function recordsOf({ buffer, count, errors }: BatchRequest): readonly StreamRecord[] {
  const lengths = new Uint32Array(buffer, 0, count * 2)
  const failed = new Map(errors)
  const records: StreamRecord[] = []
  let at = lengths.byteLength
  for (let index = 0; index < count; index++) {
    const contentLength = lengths[index * 2] ?? 0
    const metadataLength = lengths[index * 2 + 1] ?? 0
    const content = Buffer.from(buffer, at, contentLength)
    at += contentLength
    const metadata = Buffer.from(buffer, at, metadataLength).toString()
    at += metadataLength
    records.push(new StreamRecord(content, metadata, failed.get(index)))
  }
  return records
}

/** Throws a sentence for whatever is no result. */
function write(writer: Writer, record: StreamRecord, result: unknown): void {
  if (result === null) {
    writer.head(0)
    return
  }
  const all: readonly unknown[] = Array.isArray(result) ? result : [result]
  const mark = writer.mark()
  try {
    writer.head(all.length)
    for (const one of all) writeOne(writer, record, one)
  } catch (thrown) {
    writer.reset(mark)
    throw thrown
  }
}

const EXPECTED = 'expected a record, a list of records or null'

function writeOne(writer: Writer, record: StreamRecord, result: unknown): void {
  if (result === undefined) {
    throw new TypeError(`${EXPECTED}, got undefined: return null to drop the record`)
  }
  if (typeof result !== 'object' || result === null || !('value' in result)) {
    throw new TypeError(`${EXPECTED}, got ${kindOf(result)}: a record is { value: … }`)
  }
  const content = record.contentOf(result.value)
  const metadata = record.metadataOf(result as unknown as Readonly<Record<string, unknown>>)
  writer.put(content)
  writer.put(metadata)
}

/* ------------------------------------------------------------------ calls */

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

type Called = (given: unknown, context: unknown) => unknown

function begin(index: number): void {
  signal = undefined
  Atomics.add(numbers, 1, 1)
  Atomics.store(numbers, 0, index)
}

async function each(
  called: Called,
  records: readonly StreamRecord[],
  writer: Writer,
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
  writer: Writer,
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
      throw new TypeError(
        `expected a list of ${records.length} results, one a record, got ${found}`,
      )
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

async function answer(
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
  const writer = new Writer()
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

/* ------------------------------------------------------------------ loading */

const urls = new Set<string>()
const read: Record<string, string> = {}

/** Of the user's own, and not of a package. */
const isOwn = (file: string): boolean =>
  file.startsWith('file:') && !file.includes('/node_modules/')

/** That this is new to Node is nothing that people could mend. */
function stripped(text: string, sourceUrl: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text, { sourceUrl })
  } finally {
    process.emitWarning = emitWarning
  }
}

registerHooks({
  /** A file that is not there may come. */
  resolve(specifier, resolving, next) {
    try {
      return next(specifier, resolving)
    } catch (thrown) {
      const { parentURL = url } = resolving
      if (/^\.\.?\//.test(specifier) && isOwn(parentURL))
        urls.add(new URL(specifier, parentURL).href)
      throw thrown
    }
  },
  load(file, loading, next) {
    if (!isOwn(file)) return next(file, loading)
    urls.add(file)
    const known = sources[file] as string | undefined
    if (known !== undefined) return { format: 'module', source: known, shortCircuit: true }
    if (/\.m?ts$/.test(file)) {
      const source = stripped(readFileSync(fileURLToPath(file), 'utf8'), file)
      read[file] = source
      return { format: 'module', source, shortCircuit: true }
    }
    const loaded = next(file, loading)
    if (loaded.format === 'module' && loaded.source != null) read[file] = String(loaded.source)
    return loaded
  },
})

const loaded = (): { urls: string[]; sources: ModuleSources } => ({
  urls: [...urls],
  sources: read,
})

try {
  const exported = (await import(url)) as { default?: unknown; batch?: unknown }
  const { default: one, batch: many } = exported
  const both = typeof one === 'function' && typeof many === 'function'
  const form = both ? undefined : formOf(one, many)
  const found = both ? 'both' : Object.keys(exported).join(', ')
  if (form !== undefined) {
    const called = (form === 'batch' ? many : one) as Called
    parentPort?.on('message', (request: ThreadRequest) => {
      if (request.kind === 'batch') void answer(request, called, form)
    })
  }
  post({ kind: 'ready', form, found, loaded: loaded() })
} catch (thrown) {
  post({ kind: 'failed', fault: toError(thrown), loaded: loaded() })
}

function formOf(one: unknown, many: unknown): 'record' | 'batch' | undefined {
  if (typeof many === 'function') return 'batch'
  return typeof one === 'function' ? 'record' : undefined
}
