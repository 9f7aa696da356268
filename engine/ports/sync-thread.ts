/**
 * One thread that calls fdatasync and does nothing else, shared by all journal files of the process.
 *
 * It sleeps on a word of shared memory, and the caller waits for another without blocking: that takes half the time
 * of a message each way. The words are
 *
 * | word | who writes | what |
 * |---|---|---|
 * | 0 | caller | how many requests there were; the thread wakes when it changes |
 * | 1 | thread | the request that it has answered |
 * | 2 | caller | the file of the request; -1 ends the thread |
 * | 3 | thread | 0, or the error number of the answer, negative as libuv has them |
 *
 * One request is under way at a time, others queue. A file's sync answers its own request and no other, so an error,
 * which the system reports once, reaches the one who asked. When the thread dies, what was under way has failed, for
 * nobody knows how far it came; what waited goes to a new thread.
 */
import { getSystemErrorMessage, getSystemErrorName } from 'node:util'
import { Worker } from 'node:worker_threads'

const REQUEST = 0
const ANSWER = 1
const FILE = 2
const ERROR = 3
const WORDS = 4
const END = -1
const EIO = -5

/**
 * A string, and plain JavaScript: it has to run from source, as built and under a test runner alike, and a file
 * beside this one would have another name and another form in each of them.
 */
const SOURCE = `
const { fdatasyncSync } = require('node:fs')
const words = new Int32Array(require('node:worker_threads').workerData)
for (let seen = 0; ; ) {
  Atomics.wait(words, ${REQUEST}, seen)
  seen = Atomics.load(words, ${REQUEST})
  const file = Atomics.load(words, ${FILE})
  if (file === ${END}) break
  let failure = 0
  try {
    fdatasyncSync(file)
  } catch (error) {
    failure = error.errno ?? ${EIO}
  }
  Atomics.store(words, ${ERROR}, failure)
  Atomics.store(words, ${ANSWER}, seen)
  Atomics.notify(words, ${ANSWER})
}
`

interface Request {
  readonly file: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  readonly words: Int32Array<SharedArrayBuffer>
}

export type StartWorker = (shared: SharedArrayBuffer) => Worker

export class SyncThread {
  readonly #startWorker: StartWorker
  readonly #queue: Request[] = []
  #thread: Thread | undefined
  #current: Request | undefined
  #users = 0

  constructor(start: StartWorker = startWorker) {
    this.#startWorker = start
  }

  /** For as long as a file is open; the thread ends with the last one. */
  acquire(): void {
    this.#users++
  }

  release(): void {
    this.#users--
    if (this.#users === 0) this.#stop()
  }

  sync(file: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#queue.push({ file, resolve, reject })
    if (this.#current === undefined) this.#next()
    return promise
  }

  #next(): void {
    const request = this.#queue.shift()
    this.#current = request
    if (request === undefined) return
    try {
      this.#thread ??= this.#start()
      this.#ask(this.#thread, request)
    } catch (error) {
      this.#fail(request, error)
    }
  }

  #ask({ worker, words }: Thread, request: Request): void {
    // An answer that is waited for does not keep a process alive; the thread does.
    worker.ref()
    const answered = Atomics.load(words, ANSWER)
    Atomics.store(words, FILE, request.file)
    Atomics.add(words, REQUEST, 1)
    Atomics.notify(words, REQUEST)
    const answer = Atomics.waitAsync(words, ANSWER, answered)
    const finish = (): void => {
      if (this.#current !== request) return
      worker.unref()
      const failure = Atomics.load(words, ERROR)
      if (failure === 0) request.resolve()
      else request.reject(systemFailure(failure, 'fdatasync'))
      this.#next()
    }
    if (answer.async) void answer.value.then(finish)
    else finish()
  }

  #start(): Thread {
    const words = new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT))
    const worker = this.#startWorker(words.buffer)
    const thread = { worker, words }
    let cause: unknown
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('exit', () => {
      if (this.#thread !== thread) return
      this.#thread = undefined
      if (this.#current !== undefined) this.#fail(this.#current, cause)
    })
    worker.unref()
    return thread
  }

  #fail(request: Request, cause: unknown): void {
    request.reject(systemFailure(EIO, 'fdatasync', { cause }))
    this.#next()
  }

  #stop(): void {
    const thread = this.#thread
    this.#thread = undefined
    if (thread === undefined) return
    Atomics.store(thread.words, FILE, END)
    Atomics.add(thread.words, REQUEST, 1)
    Atomics.notify(thread.words, REQUEST)
  }
}

/** With none of the process's options: a loader or an inspector meant for it has nothing to do here. */
function startWorker(shared: SharedArrayBuffer): Worker {
  return new Worker(SOURCE, { eval: true, workerData: shared, execArgv: [], env: {} })
}

/** As the platform's own errors are. */
export function systemFailure(errno: number, syscall: string, options?: ErrorOptions): Error {
  const code = getSystemErrorName(errno)
  const message = `${code}: ${getSystemErrorMessage(errno)}, ${syscall}`
  return Object.assign(new Error(message, options), { errno, code, syscall })
}
