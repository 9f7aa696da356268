/**
 * What the thread of a module and whoever started it say to each other. The thread is one file, and is told of
 * the numbers here when it starts.
 *
 * A batch goes there as one message and comes back as one, each with one buffer that is handed over, not copied.
 *
 * The buffer of a request: two u32 for each record, the length of its content and that of its metadata; then these, one
 * record after the other. Metadata is a JSON object.
 *
 * The buffer of an answer: a u32 that says how many u32 follow; then for each record how many records came out of it, and
 * for each of those the length of its content and that of its metadata, or `AS_IT_WAS`; then these, in the same order.
 */

export interface ModuleSetting {
  readonly url: string
  readonly pipeline: string
  readonly namespace: string
  readonly label: string
  readonly deadlineMs: number
  /** What the files hold, types stripped, by their URLs; others are read where they lie. */
  readonly sources: ModuleSources
  /** See `ThreadState`. */
  readonly state: SharedArrayBuffer
  readonly asItWas: number
  readonly collectGarbage: string
}

export type ModuleSources = Readonly<Record<string, string>>

/**
 * Shared with the thread, for what it can say when it can say nothing else. Two i32: the index of the record under way,
 * or -1; how many calls there have been. Then a u32, the length of its last words, and these.
 */
export interface ThreadState {
  readonly numbers: Int32Array
  readonly words: Uint8Array
}

export interface BatchRequest {
  readonly kind: 'batch'
  readonly buffer: ArrayBuffer
  readonly count: number
  readonly nowMs: number
  /** Of the records that failed before, why. */
  readonly errors: readonly (readonly [index: number, text: string])[]
}

/** A ping is not answered: it makes a thread that waits run something. */
export type ThreadRequest = BatchRequest | { readonly kind: 'ping' }

export type ThreadReply =
  | ReadyReply
  | BatchAnswer
  | { readonly kind: 'failed'; readonly fault: ModuleError; readonly loaded: LoadedFiles }
  | { readonly kind: 'log'; readonly lines: readonly LogLine[] }

export interface ReadyReply {
  readonly kind: 'ready'
  /** What is called: the default export, or `batch`; undefined where there is no function. */
  readonly form: 'record' | 'batch' | undefined
  /** What it exports instead. */
  readonly found: string
  readonly loaded: LoadedFiles
}

export interface LoadedFiles {
  /** Files of the user's own, by their URLs, and not those of packages. */
  readonly urls: readonly string[]
  /** What those of them hold that it read itself, types stripped. */
  readonly sources: ModuleSources
}

export interface BatchAnswer {
  readonly kind: 'answer'
  readonly buffer: ArrayBuffer
  readonly faults: readonly (readonly [index: number, fault: ModuleError])[]
  /** What the thread's objects take, garbage included. */
  readonly memoryBytes: number
}

/** Something that was thrown. */
export interface ModuleError {
  readonly message: string
  readonly stack: string
}

export type LogLine = readonly [
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
]

/** The length of what is not sent because it stays as it was. */
export const AS_IT_WAS = 0xffff_ffff
export const STATE_HEAD_BYTES = 12
/** What the thread may leave behind when it ends by itself. */
export const LAST_WORDS_BYTES_MAX = 4_096
/** The symbol of the function of the thread's global object that collects its garbage. */
export const COLLECT_GARBAGE = 'headgate.collectGarbage'
