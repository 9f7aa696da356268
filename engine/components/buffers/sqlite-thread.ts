/**
 * One SQLite database in a thread of its own: a commit waits for the disk, and nobody else should.
 *
 * Each turn is one transaction: what is to be stored and what is to be removed, then a look at what comes next. The
 * table is `batches(id INTEGER PRIMARY KEY AUTOINCREMENT, content BLOB NOT NULL)`, the content as `stored-batch.ts` has
 * it; `application_id` and `user_version` say that it is ours. The journal is a write-ahead log, and a commit is on the
 * disk before it is answered; a torn one is rolled back by the next who opens the database.
 */
import { type Transferable, Worker } from 'node:worker_threads'
import { HeadgateError } from '../../error.ts'

/** `HgBf`. */
const APPLICATION_ID = 0x48674266
const VERSION = 1

/**
 * A string, and plain JavaScript: it has to run from source, as built and under a test runner alike, and a file
 * beside this one would have another name and another form in each of them.
 */
const SOURCE = `
const { DatabaseSync } = require('node:sqlite')
const { parentPort, workerData } = require('node:worker_threads')
let database, insert, remove, next
function open() {
  database = new DatabaseSync(workerData.path, { timeout: 1000 })
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").get().n
  const id = database.prepare('PRAGMA application_id').get().application_id
  const version = database.prepare('PRAGMA user_version').get().user_version
  if (tables > 0 && (id !== ${APPLICATION_ID} || version !== ${VERSION})) return { foreign: true }
  database.exec('BEGIN IMMEDIATE; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION};' +
    'CREATE TABLE IF NOT EXISTS batches(id INTEGER PRIMARY KEY AUTOINCREMENT, content BLOB NOT NULL); COMMIT')
  insert = database.prepare('INSERT INTO batches(content) VALUES (?)')
  remove = database.prepare('DELETE FROM batches WHERE id = ?')
  next = database.prepare('SELECT id, content FROM batches WHERE id > ? ORDER BY id')
  return database.prepare('SELECT count(*) AS count, coalesce(sum(length(content)), 0) AS bytes FROM batches').get()
}
function turn({ store, removed, after, bytesMax }) {
  if (store.length + removed.length > 0) {
    database.exec('BEGIN IMMEDIATE')
    try {
      for (const content of store) insert.run(content)
      for (const id of removed) remove.run(id)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
  const rows = []
  let bytes = 0
  if (bytesMax > 0) {
    for (const { id, content } of next.iterate(after)) {
      rows.push({ id, content })
      bytes += content.length
      if (bytes >= bytesMax) break
    }
  }
  return { rows }
}
parentPort.on('message', (asked) => {
  try {
    if (asked === 'close') {
      database.close()
      parentPort.close()
    } else {
      parentPort.postMessage({ ok: asked === 'open' ? open() : turn(asked) })
    }
  } catch (error) {
    parentPort.postMessage({ failed: error.message, code: error.errcode })
  }
})
`

export interface SqliteTurn {
  readonly store: readonly Uint8Array<ArrayBuffer>[]
  readonly removed: readonly number[]
  /** Rows after this one are looked at, until they have so many bytes; none for 0. */
  readonly after: number
  readonly bytesMax: number
}

export interface SqliteRow {
  readonly id: number
  readonly content: Uint8Array
}

type Answer = { readonly ok: unknown } | { readonly failed: string; readonly code?: number }

/** One question at a time. */
export class SqliteThread {
  readonly #path: string
  readonly #worker: Worker
  #answer: PromiseWithResolvers<unknown> | undefined
  #gone: Error | undefined
  readonly #exited: Promise<void>

  constructor(path: string) {
    this.#path = path
    // With none of the process's options, and silent about what node thinks of its own modules.
    const options = { eval: true, workerData: { path }, execArgv: ['--no-warnings'], env: {} }
    this.#worker = new Worker(SOURCE, options)
    this.#worker.unref()
    this.#worker.on('message', (answer: Answer) => this.#answered(answer))
    this.#worker.on('error', (error) => {
      this.#gone = error instanceof Error ? error : new Error(String(error))
    })
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#gone ??= new Error('its thread ended')
        this.#answer?.reject(this.#failure(this.#gone.message))
        resolve()
      })
    })
  }

  /** What the database held already. */
  async open(): Promise<{ readonly count: number; readonly bytes: number }> {
    const found = (await this.#ask('open')) as { count: number; bytes: number; foreign?: boolean }
    if (found.foreign !== true) return found
    throw new HeadgateError('OutputFailed', `${this.#path} is no database of this buffer`, {
      hint: 'Name a file that does not exist yet; the buffer makes it.',
    })
  }

  async turn(turn: SqliteTurn): Promise<readonly SqliteRow[]> {
    const transfer: Transferable[] = turn.store.map(({ buffer }) => buffer)
    const { rows } = (await this.#ask(turn, transfer)) as { readonly rows: readonly SqliteRow[] }
    return rows
  }

  /** Resolves when the database is closed. */
  async close(): Promise<void> {
    if (this.#gone === undefined) this.#worker.postMessage('close')
    await this.#exited
  }

  #ask(question: unknown, transfer: readonly Transferable[] = []): Promise<unknown> {
    if (this.#gone !== undefined) return Promise.reject(this.#failure(this.#gone.message))
    const answer = Promise.withResolvers<unknown>()
    this.#answer = answer
    // What is waited for keeps the process alive; an idle buffer does not.
    this.#worker.ref()
    this.#worker.postMessage(question, transfer)
    return answer.promise.finally(() => this.#worker.unref())
  }

  #answered(answer: Answer): void {
    const asked = this.#answer
    this.#answer = undefined
    if ('ok' in answer) asked?.resolve(answer.ok)
    else asked?.reject(this.#failure(answer.failed, answer.code))
  }

  #failure(reason: string, code?: number): HeadgateError {
    const message = `the SQLite database ${this.#path} failed: ${reason}`
    if (code === SQLITE_FULL) return new HeadgateError('DiskFull', message)
    if (code === SQLITE_BUSY) return new HeadgateError('ResourceBusy', message)
    return new HeadgateError('OutputFailed', message)
  }
}

const SQLITE_BUSY = 5
const SQLITE_FULL = 13
