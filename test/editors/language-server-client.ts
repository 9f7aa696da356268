/** Talks to a language server over its standard streams, as an editor does: just enough of the protocol for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { until } from '../harness/headgate-process.ts'

export interface Diagnostic {
  readonly message: string
  /** Counted from 1, as editors show it. */
  readonly line: number
  readonly column: number
}

interface Position {
  readonly line: number
  readonly character: number
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
}

const SEPARATOR = '\r\n\r\n'

export class LanguageServerClient implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #answers = new Map<number, (result: unknown) => void>()
  readonly #diagnostics = new Map<string, readonly Diagnostic[]>()
  readonly #gone: Promise<unknown>
  #received: Buffer = Buffer.alloc(0)
  #requests = 0

  private constructor(file: string) {
    this.#child = spawn(process.execPath, [file, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#gone = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#take(bytes))
  }

  static async start(file: string): Promise<LanguageServerClient> {
    const client = new LanguageServerClient(file)
    const textDocument = { completion: { completionItem: { snippetSupport: false } } }
    await client.#ask('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: { textDocument },
    })
    client.#send({ method: 'initialized', params: {} })
    return client
  }

  /** Opens a document; resolves once the server has judged it. */
  async open(uri: string, text: string): Promise<readonly Diagnostic[]> {
    this.#diagnostics.delete(uri)
    const textDocument = { uri, languageId: 'yaml', version: 1, text }
    this.#send({ method: 'textDocument/didOpen', params: { textDocument } })
    return until('diagnostics', () => this.#diagnostics.get(uri))
  }

  async completions(uri: string, position: Position): Promise<readonly string[]> {
    const params = { textDocument: { uri }, position }
    const result = (await this.#ask('textDocument/completion', params)) as
      | { items: { label: string }[] }
      | { label: string }[]
    return (Array.isArray(result) ? result : result.items).map(({ label }) => label)
  }

  async hover(uri: string, position: Position): Promise<string> {
    const params = { textDocument: { uri }, position }
    const result = (await this.#ask('textDocument/hover', params)) as {
      contents?: { value?: string }
    } | null
    return result?.contents?.value ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill()
    await this.#gone
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#requests
    this.#send({ id, method, params })
    return new Promise((resolve) => this.#answers.set(id, resolve))
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#child.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}${SEPARATOR}${text}`)
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    for (;;) {
      const head = this.#received.indexOf(SEPARATOR)
      if (head < 0) return
      const length = Number(
        /Content-Length: (\d+)/i.exec(this.#received.toString('utf8', 0, head))?.[1],
      )
      const end = head + SEPARATOR.length + length
      if (this.#received.length < end) return
      const text = this.#received.toString('utf8', head + SEPARATOR.length, end)
      this.#received = this.#received.subarray(end)
      this.#receive(JSON.parse(text) as Message)
    }
  }

  #receive({ id, method, params, result }: Message): void {
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as {
        uri: string
        diagnostics: { message: string; range: { start: Position } }[]
      }
      this.#diagnostics.set(
        uri,
        diagnostics.map(({ message, range: { start } }) => ({
          message,
          line: start.line + 1,
          column: start.character + 1,
        })),
      )
    } else if (method !== undefined && id !== undefined) {
      // It asks for settings, an empty set a section, and to register abilities.
      const { items } = (params ?? {}) as { items?: readonly unknown[] }
      this.#send({ id, result: items === undefined ? null : items.map(() => ({})) })
    } else if (id !== undefined) {
      this.#answers.get(id)?.(result)
      this.#answers.delete(id)
    }
  }
}
