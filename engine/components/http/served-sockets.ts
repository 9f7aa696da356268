/** The websockets of clients that came to a component: counted, and closed with it. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../ports/clock.ts'
import { BODY_BYTES_MAX } from './request-body.ts'
import { refuseUpgrade } from './text-answer.ts'

/** More clients of one component are told to come again. */
export const SOCKETS_MAX = 1_024
/** Clients that have not said goodbye after this are cut off. */
export const SOCKET_CLOSE_MS = 1_000
/** Closing codes of websockets (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001

export class ServedSockets {
  readonly #clock: Clock
  readonly #socketsMax: number
  readonly #open = new Set<WebSocket>()
  /** Those that are still becoming a websocket. */
  #coming = 0
  #server: Promise<WebSocketServer> | undefined
  #closing = false

  constructor(clock: Clock, socketsMax: number = SOCKETS_MAX) {
    this.#clock = clock
    this.#socketsMax = socketsMax
  }

  /** Calls back with the websocket once it is one. */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    onOpen: (socket: WebSocket) => void,
  ): void {
    if (this.#closing || this.#open.size + this.#coming >= this.#socketsMax) {
      refuseUpgrade(socket, 503)
      return
    }
    this.#coming += 1
    let left = false
    const leave = (): void => {
      if (!left) this.#coming -= 1
      left = true
    }
    socket.once('close', leave)
    socket.on('error', () => {})
    this.#server ??= openServer()
    this.#server.then(
      (server) => {
        if (socket.destroyed) return
        server.handleUpgrade(request, socket, head, (websocket) => {
          leave()
          this.#hold(websocket, onOpen)
        })
      },
      () => socket.destroy(),
    )
  }

  async close(): Promise<void> {
    this.#closing = true
    const open = [...this.#open]
    if (open.length === 0) return
    const cut = this.#clock.schedule(SOCKET_CLOSE_MS, () => {
      for (const socket of open) socket.terminate()
    })
    await Promise.all(open.map((socket) => closed(socket)))
    cut.cancel()
  }

  #hold(socket: WebSocket, onOpen: (socket: WebSocket) => void): void {
    // What is wrong with a connection also closes it, which is all that matters.
    socket.on('error', () => {})
    if (this.#closing) {
      socket.terminate()
      return
    }
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    onOpen(socket)
  }
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
    socket.close(GOING_AWAY, 'the pipeline stops')
    // One that holds messages back would not hear the answer.
    socket.resume()
  })
}

async function openServer(): Promise<WebSocketServer> {
  // Most components never see a websocket.
  const { WebSocketServer } = await import('ws')
  return new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: BODY_BYTES_MAX })
}
