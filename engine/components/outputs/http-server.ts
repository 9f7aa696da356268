/**
 * Gives messages to HTTP clients that fetch them: a batch a request, lines of an answer that goes on, or frames of a
 * websocket.
 *
 * A message is delivered once it was written to a client whole; whether the client did anything with it is not known.
 * One whose client went away before is given to the next.
 */

import { isUtf8 } from 'node:buffer'
import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { durationField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { Handover, type Taken } from '../http/handover.ts'
import { formMultipart } from '../http/multipart.ts'
import { type OpenPaths, servePaths } from '../http/served-paths.ts'
import { ServedSockets, SOCKET_CLOSE_MS } from '../http/served-sockets.ts'
import {
  ownListenerFields,
  pathField,
  serverExclusives,
  serverFaults,
  serverNeeds,
  verbsField,
} from '../http/server-fields.ts'
import { answerBytes, answerText, demandUpgrade, UNAVAILABLE } from '../http/text-answer.ts'

/** Clients that wait, and answers that go on; one more is told to come again. */
export const FETCHING_CLIENTS_MAX = 1_024

const fields = {
  ...ownListenerFields,
  path: pathField('/get', 'Where a client fetches one batch a request; empty for none.'),
  stream_path: pathField('/get/stream', 'Where lines are given for as long as a client listens.'),
  ws_path: pathField('/get/ws', 'Where websockets are opened; empty for none.'),
  allowed_verbs: verbsField('GET'),
  timeout: durationField({ default: '5s', description: 'How long a client waits for a message.' }),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const httpServer: OutputDefinition = defineOutput({
  name: 'http_server',
  status: 'stable',
  effects: 'write',
  summary: 'Gives messages to HTTP clients that fetch them.',
  description: `A batch of several messages is one multipart body at \`path\`; at \`stream_path\` its messages are lines, with
an empty line after the last. Where no message comes in time, the answer is 408.`,
  config,
  delivery: 'sends',
  exclusive: serverExclusives,
  needs: serverNeeds,
  check: (options) => {
    const { path, stream_path, ws_path } = options
    return serverFaults(options, { path, stream_path, ws_path })
  },
  examples: [
    { title: 'On the shared server', config: {} },
    { title: 'On its own', config: { address: '127.0.0.1:8091', path: '/next', timeout: '1m' } },
  ],
  build: (options, context) => new HttpServerOutput(options, context),
})

class HttpServerOutput implements Output {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #handover = new Handover()
  readonly #sockets: ServedSockets
  readonly #clients = new Set<ServerResponse>()
  readonly #closing = new AbortController()
  #paths: OpenPaths | undefined

  constructor(options: Config, context: BuildContext) {
    this.#config = options
    this.#context = context
    this.#sockets = new ServedSockets(context.environment.clock)
  }

  async connect(): Promise<void> {
    const { path, stream_path, ws_path } = this.#config
    this.#paths ??= await servePaths(
      this.#config,
      [
        {
          path,
          handler: (request, response) =>
            this.#admit(request, response, (gone) => this.#giveOne(response, gone)),
        },
        {
          path: stream_path,
          handler: (request, response) =>
            this.#admit(request, response, (gone) => this.#giveLines(response, gone)),
        },
        {
          path: ws_path,
          handler: demandUpgrade,
          upgrade: (request, socket, head) => this.#upgrade(request, socket, head),
        },
      ],
      this.#context,
    )
  }

  write(batch: Batch, { signal }: Delivery): Promise<void> {
    return this.#handover.offer(batch, signal)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#handover.close()
    await Promise.all([this.#farewell(), this.#sockets.close()])
    await this.#paths?.close()
  }

  /** Clients hear by themselves that nothing more comes; those that do not read are cut off. */
  async #farewell(): Promise<void> {
    const clients = [...this.#clients]
    if (clients.length === 0) return
    const gone = clients.map((one) => new Promise((resolve) => one.once('close', resolve)))
    const cut = this.#context.environment.clock.schedule(SOCKET_CLOSE_MS, () => {
      for (const client of clients) client.destroy()
    })
    await Promise.all(gone)
    cut.cancel()
  }

  #admit(
    request: IncomingMessage,
    response: ServerResponse,
    give: (gone: AbortSignal) => Promise<void>,
  ): void {
    response.on('error', () => {})
    if (!this.#config.allowed_verbs.includes(request.method ?? '')) {
      answerText(response, 405, 'Incorrect method')
      return
    }
    if (this.#closing.signal.aborted || this.#clients.size >= FETCHING_CLIENTS_MAX) {
      answerText(response, 503, UNAVAILABLE)
      return
    }
    this.#clients.add(response)
    const gone = new AbortController()
    response.once('close', () => {
      this.#clients.delete(response)
      gone.abort()
    })
    void give(gone.signal)
  }

  async #giveOne(response: ServerResponse, gone: AbortSignal): Promise<void> {
    const late = new AbortController()
    const timeoutMs = this.#context.durationMs(this.#config.timeout)
    const { clock } = this.#context.environment
    const timer =
      timeoutMs === undefined ? undefined : clock.schedule(timeoutMs, () => late.abort())
    const taken = await this.#handover.take(AbortSignal.any([gone, late.signal]))
    timer?.cancel()
    if (taken === undefined) {
      const [status, text] = late.signal.aborted ? LATE : ([503, UNAVAILABLE] as const)
      answerText(response, status, text)
      return
    }
    const { contentType, body } = this.#bodyOf(taken.batch)
    settleOnce(taken, response, (written) =>
      answerBytes(response, 200, body, { 'content-type': contentType }, () => written(true)),
    )
  }

  #bodyOf(batch: Batch): { readonly contentType: string; readonly body: Uint8Array } {
    if (batch.length === 1) {
      const body = (batch[0] as Message).content()
      return { contentType: typeOf(body), body }
    }
    const parts = batch.map((message) => ({
      headers: { 'Content-Type': typeOf(message.content()) },
      body: message.content(),
    }))
    return formMultipart(parts, this.#context.environment.random)
  }

  async #giveLines(response: ServerResponse, gone: AbortSignal): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    response.flushHeaders()
    for (;;) {
      const taken = await this.#handover.take(gone)
      if (taken === undefined) break
      const whole = await settleOnce(taken, response, (written) =>
        response.write(linesOf(taken.batch), (error) => written(error == null)),
      )
      if (!whole) break
    }
    response.end()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.accept(request, socket, head, (open) => void this.#giveFrames(open))
  }

  async #giveFrames(socket: WebSocket): Promise<void> {
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    for (;;) {
      const taken = await this.#handover.take(gone.signal)
      if (taken === undefined) return
      const whole = await settleOnce(taken, socket, (written) => sendAll(socket, taken, written))
      if (!whole) return
    }
  }
}

const LATE = [408, 'Request timed out'] as const

/**
 * Delivered when `write` said so, and put back when it said otherwise or the client went away first: false then. Both may
 * come, in any order.
 */
function settleOnce(
  taken: Taken,
  client: EventEmitter & { readonly destroyed?: boolean },
  write: (written: (whole: boolean) => void) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    let settled = false
    const settle = (whole: boolean): void => {
      if (settled) return
      settled = true
      if (whole) taken.done()
      else taken.putBack()
      resolve(whole)
    }
    if (client.destroyed === true) return settle(false)
    client.once('close', () => settle(false))
    write(settle)
  })
}

function sendAll(socket: WebSocket, { batch }: Taken, written: (whole: boolean) => void): void {
  let left = batch.length
  for (const message of batch) {
    const content = message.content()
    socket.send(content, { binary: true }, (error) => {
      left -= 1
      if (error != null) written(false)
      else if (left === 0) written(true)
    })
  }
}

function typeOf(content: Uint8Array): string {
  return isUtf8(content) ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}

function linesOf(batch: Batch): Uint8Array {
  const lines = batch.flatMap((message) => [message.content(), LINE_END])
  return Buffer.concat(batch.length === 1 ? lines : [...lines, LINE_END])
}

const LINE_END = Buffer.from('\n')
