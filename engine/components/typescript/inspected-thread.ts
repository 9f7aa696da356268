/**
 * Looks into a thread that answers nothing, from outside: where it is, and what of its memory is in use.
 *
 * The inspector interrupts what runs. It attaches to every thread of the process for as long as this is open, and asks
 * only one of them for anything.
 */
import type { Session } from 'node:inspector'
import type { Worker } from 'node:worker_threads'
import { COLLECT_GARBAGE, type ThreadRequest } from './module-protocol.ts'
import { isOwnUrl, type SourcePosition } from './source-position.ts'

interface InspectorMessage {
  readonly id?: number
  readonly method?: string
  readonly result?: { readonly usedSize?: number; readonly backingStorageSize?: number }
  readonly params?: {
    readonly scriptId?: string
    readonly url?: string
    readonly callFrames?: readonly CallFrame[]
  }
}

interface CallFrame {
  readonly location: {
    readonly scriptId: string
    readonly lineNumber: number
    readonly columnNumber?: number
  }
}

const PING: ThreadRequest = { kind: 'ping' }

export class InspectedThread implements Disposable {
  readonly #worker: Worker
  readonly #session: Session
  readonly #sessionId: string
  readonly #urls = new Map<string, string>()
  readonly #answered = new Map<number, (result: InspectorMessage['result']) => void>()
  #paused: ((frames: readonly CallFrame[]) => void) | undefined
  #lastId = 0

  private constructor(worker: Worker, session: Session, sessionId: string) {
    this.#worker = worker
    this.#session = session
    this.#sessionId = sessionId
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId === sessionId) this.#heard(JSON.parse(params.message))
    })
  }

  /** Undefined where the thread is gone. */
  static async open(worker: Worker): Promise<InspectedThread | undefined> {
    const { Session } = await import('node:inspector')
    const session = new Session()
    session.connect()
    let sessionId: string | undefined
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      if (params.workerInfo.title.startsWith(`[worker ${worker.threadId}]`)) {
        sessionId = params.sessionId
      }
    })
    await new Promise<void>((resolve) => {
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => resolve())
    })
    if (sessionId !== undefined) return new InspectedThread(worker, session, sessionId)
    session.disconnect()
    return undefined
  }

  [Symbol.dispose](): void {
    this.#session.disconnect()
  }

  /** Holds it up where it is. Null where that is in nobody's own file: then it waits for something. */
  async whereItIs(): Promise<SourcePosition | null> {
    const paused = new Promise<readonly CallFrame[]>((resolve) => {
      this.#paused = resolve
    })
    void this.#send('Debugger.enable')
    void this.#send('Debugger.pause')
    // Whoever waits runs nothing that could be held up, until it is asked for something.
    this.#worker.postMessage(PING)
    for (const { location } of await paused) {
      const url = this.#urls.get(location.scriptId) ?? ''
      const { lineNumber, columnNumber = 0 } = location
      if (isOwnUrl(url)) return { url, line: lineNumber + 1, column: columnNumber + 1 }
    }
    return null
  }

  /** What its objects take without garbage, while it is held up. */
  async memoryBytes(): Promise<number> {
    await this.#send('Runtime.evaluate', {
      expression: `globalThis[Symbol.for('${COLLECT_GARBAGE}')]()`,
    })
    const { usedSize = 0, backingStorageSize = 0 } =
      (await this.#send('Runtime.getHeapUsage')) ?? {}
    return usedSize + backingStorageSize
  }

  async goOn(): Promise<void> {
    await this.#send('Debugger.resume')
  }

  #send(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<InspectorMessage['result']> {
    this.#lastId += 1
    const id = this.#lastId
    const message = JSON.stringify({ id, method, params })
    const answered = new Promise<InspectorMessage['result']>((resolve) => {
      this.#answered.set(id, resolve)
    })
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: this.#sessionId, message })
    return answered
  }

  #heard({ id, method, params, result }: InspectorMessage): void {
    if (id !== undefined) this.#answered.get(id)?.(result)
    if (method === 'Debugger.scriptParsed' && params?.scriptId !== undefined) {
      this.#urls.set(params.scriptId, params.url ?? '')
    }
    if (method === 'Debugger.paused') this.#paused?.(params?.callFrames ?? [])
  }
}
